/** A line on the terminal that says how far a command is. */
import type { Input } from './input';
import type { Terminal } from './terminal';

const FIRST_MS = 500;
const INTERVAL_MS = 100;
export const CLEAR_LINE = '\r\u001b[K';
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

export class Progress {
  private readonly started = performance.now();
  private readonly total: number | null;
  private next = FIRST_MS;
  private done = 0;
  private shown = false;

  /** Shows nothing unless standard error is a terminal, and nothing for what is done in half a second. */
  constructor(
    private readonly terminal: Terminal,
    inputs: readonly Input[],
  ) {
    this.total = inputs.reduce<number | null>((sum, { size }) => (sum === null || size === null ? null : sum + size), 0);
  }

  /** The same chunks, counted. */
  async *watch(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of source) {
      yield chunk;
      this.done += chunk.length;
      this.show();
    }
  }

  /** Takes the line away. */
  clear(): void {
    if (this.shown) this.terminal.stderr.write(CLEAR_LINE);
    this.shown = false;
  }

  private show(): void {
    const elapsed = performance.now() - this.started;
    if (this.terminal.stderr.isTTY !== true || elapsed < this.next) return;
    this.next = elapsed + INTERVAL_MS;
    this.shown = true;
    const line = describeProgress(this.done, this.total, elapsed / 1000);
    this.terminal.stderr.write(CLEAR_LINE + line.slice(0, (this.terminal.stderr.columns ?? 80) - 1));
  }
}

/** Bytes done, of how many, how fast, and the time that is left. */
export function describeProgress(done: number, total: number | null, seconds: number): string {
  const rate = `${describeBytes(done / seconds)}/s`;
  if (total === null || total === 0) return `${describeBytes(done)}  ${rate}`;
  const percent = `${Math.floor((100 * done) / total)}%`.padStart(4);
  const left = Math.ceil(((total - done) * seconds) / done);
  return `${percent}  ${describeBytes(done)} of ${describeBytes(total)}  ${rate}  ${describeSeconds(left)} left`;
}

export function describeBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`;
}

export function describeSeconds(seconds: number): string {
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
