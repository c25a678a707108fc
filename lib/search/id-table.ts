/** Slots by their id: open addressing, 8 bytes a place. */

const FREE = 0xffffffff;

export class IdTable {
  private ids = new Uint32Array(16);
  /** FREE: nothing stands there. */
  private slots = new Uint32Array(16).fill(FREE);
  private count = 0;

  get(id: number): number | undefined {
    const slot = this.slots[this.placeOf(id)];
    return slot === FREE ? undefined : slot;
  }

  set(id: number, slot: number): void {
    let place = this.placeOf(id);
    if (this.slots[place] === FREE) {
      if (++this.count * 2 > this.slots.length) {
        this.resize(2 * this.slots.length);
        place = this.placeOf(id);
      }
      this.ids[place] = id;
    }
    this.slots[place] = slot;
  }

  /** Room for so many ids. */
  reserve(count: number): void {
    if (2 * count > this.slots.length) this.resize(2 ** Math.ceil(Math.log2(2 * count)));
  }

  delete(id: number): void {
    const mask = this.slots.length - 1;
    let hole = this.placeOf(id);
    if (this.slots[hole] === FREE) return;
    this.count--;
    // What comes behind moves up where the hole would cut it off from its home.
    for (let place = (hole + 1) & mask; this.slots[place] !== FREE; place = (place + 1) & mask) {
      const home = this.homeOf(this.ids[place]);
      if (((place - home) & mask) < ((place - hole) & mask)) continue;
      this.ids[hole] = this.ids[place];
      this.slots[hole] = this.slots[place];
      hole = place;
    }
    this.slots[hole] = FREE;
  }

  private homeOf(id: number): number {
    return (Math.imul(id, 0x9e3779b1) >>> 7) & (this.slots.length - 1);
  }

  /** Where the id stands, or would stand. */
  private placeOf(id: number): number {
    const mask = this.slots.length - 1;
    let place = this.homeOf(id);
    while (this.slots[place] !== FREE && this.ids[place] !== id) place = (place + 1) & mask;
    return place;
  }

  private resize(size: number): void {
    const { ids, slots } = this;
    this.ids = new Uint32Array(size);
    this.slots = new Uint32Array(size).fill(FREE);
    for (let i = 0; i < slots.length; i++) {
      if (slots[i] === FREE) continue;
      const place = this.placeOf(ids[i]);
      this.ids[place] = ids[i];
      this.slots[place] = slots[i];
    }
  }
}
