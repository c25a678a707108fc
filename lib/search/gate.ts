/** Lets any number of readers in, or one writer. A waiting writer goes before readers that come later. */
export class Gate {
  private readers = 0;
  private writers: Promise<void> = Promise.resolve();
  private waiting = 0;
  private idle: (() => void) | null = null;

  async read<T>(work: () => Promise<T>): Promise<T> {
    while (this.waiting > 0) await this.writers;
    this.readers++;
    try {
      return await work();
    } finally {
      if (--this.readers === 0) this.idle?.();
    }
  }

  /** `work` runs alone, without readers if it says so by calling `alone` first. Writers run in the order of their calls. */
  write<T>(work: (alone: () => Promise<void>) => Promise<T>): Promise<T> {
    const before = this.writers;
    let release: () => void = () => undefined;
    const turn = before.then(() =>
      work(async () => {
        this.waiting++;
        release = () => this.waiting--;
        if (this.readers > 0) await new Promise<void>((resolve) => (this.idle = resolve));
        this.idle = null;
      }).finally(() => release()),
    );
    this.writers = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }
}
