/** Who may use a context: any number of readers at a time, or one writer; in the order in which they came. */
export class Turns {
  private readers: Promise<unknown>[] = [];
  private writer: Promise<unknown> = Promise.resolve();

  read<T>(work: () => Promise<T>): Promise<T> {
    const result = this.writer.then(work);
    const settled = result.then(
      () => undefined,
      () => undefined,
    );
    this.readers.push(settled);
    void settled.then(() => (this.readers = this.readers.filter((reader) => reader !== settled)));
    return result;
  }

  write<T>(work: () => Promise<T>): Promise<T> {
    const result = Promise.all([this.writer, ...this.readers]).then(work);
    this.writer = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }
}
