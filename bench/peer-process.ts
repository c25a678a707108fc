/** A Python peer in a process of its own, which waits for its turns: one line of JSON for each that it is told. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';

export class PeerProcess {
  readonly #script: string;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  /** `order`: what the script reads first. */
  constructor(python: string, script: string, threads: number | string, order: Record<string, unknown>) {
    const { OPENBLAS_CORETYPE: _type, OPENBLAS_L2_SIZE: _size, ...rest } = process.env; // settings that would hold it back
    this.#script = script;
    this.#process = spawn(python, [script], { env: { ...rest, OPENBLAS_NUM_THREADS: `${threads}`, OMP_NUM_THREADS: `${threads}` } });
    this.#process.stderr.pipe(process.stderr);
    this.#lines = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
    this.#process.stdin.write(`${JSON.stringify(order)}\n`);
  }

  async answer<Answer>(): Promise<Answer> {
    const { done, value } = await this.#lines.next();
    if (done === true) throw new Error(`Expected an answer of ${this.#script}, but it ended.`);
    return JSON.parse(value) as Answer;
  }

  /** Seconds of a piece of work. */
  turn(what = ''): Promise<number> {
    this.#process.stdin.write(`${what}\n`);
    return this.answer();
  }

  end(): void {
    this.#process.stdin.end();
  }
}
