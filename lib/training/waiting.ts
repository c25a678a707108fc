/** Waiting for what others give, which may never come: a signal ends it. */
import { aborted } from '../errors';

export class Waiting {
  /** Whether something was still waited for when the signal came. */
  wasLeft = false;
  private leave: ((error: Error) => void) | null = null;
  private readonly onAbort = (): void => {
    if (this.leave === null) return;
    this.wasLeft = true;
    this.leave(aborted(this.signal!));
  };

  constructor(private readonly signal: AbortSignal | undefined) {
    signal?.addEventListener('abort', this.onAbort);
  }

  /** What the promise gives, or ABORTED as soon as the signal comes. One at a time. */
  for<T>(value: T | PromiseLike<T>): Promise<T> {
    if (this.signal === undefined) return Promise.resolve(value);
    return new Promise<T>((resolve, reject) => {
      this.leave = reject;
      if (this.signal!.aborted) this.onAbort();
      const done = (): void => void (this.leave = null);
      Promise.resolve(value).finally(done).then(resolve, reject);
    });
  }

  /** Nothing is waited for any more. */
  end(): void {
    this.signal?.removeEventListener('abort', this.onAbort);
  }
}
