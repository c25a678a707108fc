/** Ids in decimal, as bytes: a string for each of millions of numbers takes forty times as long. */

/** Ids up to this take two steps of three digits at most. */
const MILLION = 1_000_000;
/** A separator and the digits of the largest id, with room for what is written beyond the end. */
const MOST_BYTES = 11;
const SLACK = 4;

/** Numbers below a thousand behind a byte to be filled in, as little-endian words; how long that is; and with three digits in any case, without that byte. */
const LEADING = new Uint32Array(1000);
const LEADING_LENGTH = new Uint8Array(1000);
const TRAILING = new Uint32Array(1000);

function fillTables(): void {
  for (let number = 0; number < 1000; number++) {
    const digits = String(number);
    LEADING_LENGTH[number] = 1 + digits.length;
    LEADING[number] = packed(digits) << 8;
    TRAILING[number] = packed(digits.padStart(3, '0'));
  }
}

function packed(digits: string): number {
  let word = 0;
  for (let i = digits.length; i-- > 0;) word = (word << 8) | digits.charCodeAt(i);
  return word;
}

/** Collects ids with separators until they are taken. */
export class DecimalIds {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private length = 0;

  /** `capacity`: ids. */
  constructor(private readonly capacity: number) {
    if (LEADING_LENGTH[0] === 0) fillTables();
    this.bytes = new Uint8Array(MOST_BYTES * capacity + SLACK);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Whether there is room for so many ids, each with a byte before it, or bytes. */
  hasRoom(count: number): boolean {
    return this.length + MOST_BYTES * count <= MOST_BYTES * this.capacity;
  }

  put(byte: number): void {
    this.bytes[this.length++] = byte;
  }

  /** Ids with `separator` before each, and `first` before the first of them (null: nothing). There must be room. */
  putIds(ids: Uint32Array, separator: number, first: number | null): void {
    const { view } = this;
    const start = this.length;
    let at = start;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i];
      if (id < 1000) {
        view.setUint32(at, LEADING[id] | separator, true);
        at += LEADING_LENGTH[id];
      } else if (id < MILLION) {
        const thousands = (id / 1000) | 0;
        view.setUint32(at, LEADING[thousands] | separator, true);
        at += LEADING_LENGTH[thousands];
        view.setUint32(at, TRAILING[id - 1000 * thousands], true);
        at += 3;
      } else {
        at = this.putLarge(at, id, separator);
      }
    }
    this.length = at;
    if (first !== null) {
      this.bytes[start] = first;
    } else if (ids.length > 0) {
      this.bytes.copyWithin(start, start + 1, at);
      this.length--;
    }
  }

  /** What was put, until more is put. */
  take(): Uint8Array {
    const taken = this.bytes.subarray(0, this.length);
    this.length = 0;
    return taken;
  }

  private putLarge(at: number, id: number, separator: number): number {
    if (id < 1000) {
      this.view.setUint32(at, LEADING[id] | separator, true);
      return at + LEADING_LENGTH[id];
    }
    const thousands = Math.floor(id / 1000);
    const next = this.putLarge(at, thousands, separator);
    this.view.setUint32(next, TRAILING[id - 1000 * thousands], true);
    return next + 3;
  }
}
