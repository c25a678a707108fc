/** The best of what was offered: a heap whose root is the worst that is kept. */
export class Best {
  private readonly slots: number[] = [];
  private readonly scores: number[] = [];

  constructor(
    private readonly limit: number,
    private readonly ids: Uint32Array,
  ) {}

  /** What a score must not be below to be kept. */
  get threshold(): number {
    return this.slots.length < this.limit ? -Infinity : this.scores[0];
  }

  offer(slot: number, score: number): void {
    const { slots, scores } = this;
    if (slots.length < this.limit) {
      let at = slots.push(slot) - 1;
      scores.push(score);
      for (; at > 0; at = (at - 1) >> 1) if (!this.swapIfWorse(at, (at - 1) >> 1)) break;
    } else if (this.limit > 0 && this.worse(scores[0], slots[0], score, slot)) {
      slots[0] = slot;
      scores[0] = score;
      for (let at = 0; ;) {
        const [left, right] = [2 * at + 1, 2 * at + 2];
        if (left >= slots.length) break;
        const child = right < slots.length && this.worse(scores[right], slots[right], scores[left], slots[left]) ? right : left;
        if (!this.swapIfWorse(child, at)) break;
        at = child;
      }
    }
  }

  /** All of them, the best first. */
  sorted(): { slots: number[]; scores: number[] } {
    const order = this.slots.map((_, i) => i);
    order.sort((a, b) => (this.worse(this.scores[b], this.slots[b], this.scores[a], this.slots[a]) ? -1 : 1));
    return { slots: order.map((i) => this.slots[i]), scores: order.map((i) => this.scores[i]) };
  }

  private worse(score: number, slot: number, otherScore: number, otherSlot: number): boolean {
    return score < otherScore || (score === otherScore && this.ids[slot] > this.ids[otherSlot]);
  }

  private swapIfWorse(a: number, b: number): boolean {
    const { slots, scores } = this;
    if (!this.worse(scores[a], slots[a], scores[b], slots[b])) return false;
    [slots[a], slots[b]] = [slots[b], slots[a]];
    [scores[a], scores[b]] = [scores[b], scores[a]];
    return true;
  }
}
