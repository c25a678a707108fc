/** Files and standard input as streams of bytes. */
import { constants, createReadStream, read, ReadStream } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { MerganserError } from '../errors';
import type { Terminal } from './terminal';

/** Long enough for all cores; see `Tokenizer.encodeStream`. */
const CHUNK_BYTES = 4 << 20;
const STDIN = '-';

export interface Input {
  /** As the user wrote it; `-` is standard input. */
  readonly name: string;
  /** null where nobody knows, as of pipes. */
  readonly size: number | null;
  /** Path or descriptor of a file that can be read at any time, without waiting for someone to write; null: a stream. */
  readonly file: string | number | null;
  open(): Readable;
}

/** The inputs that a command was given, standard input if there are none. Throws NOT_FOUND for what cannot be read, before anything is read. */
export async function openInputs(names: readonly string[], terminal: Terminal): Promise<Input[]> {
  const { signal } = terminal;
  const inputs: Input[] = [];
  for (const name of names.length === 0 ? [STDIN] : names) {
    if (name === STDIN) {
      const { stdin } = terminal;
      inputs.push({ name, size: null, file: descriptorOf(stdin), open: () => addAbortSignal(signal, stdin) });
    } else {
      const size = await sizeOf(name);
      inputs.push({
        name,
        size,
        file: size === null ? null : name,
        open: () => createReadStream(name, { highWaterMark: CHUNK_BYTES, signal }),
      });
    }
  }
  return inputs;
}

/** Of a file that standard input was redirected to. */
function descriptorOf(stdin: Readable): number | null {
  const { fd } = stdin as { fd?: unknown };
  return stdin instanceof ReadStream && typeof fd === 'number' ? fd : null;
}

/**
 * Runs `use` with the chunks of an input, whose memory serves again as soon as the next one is asked for. Whatever becomes of it, nothing more is read afterwards, even if
 * someone has asked for it: a pipe may stay open for long.
 */
export async function withChunks<Result>(
  input: Input,
  signal: AbortSignal,
  use: (chunks: AsyncIterable<Uint8Array>) => Promise<Result>,
): Promise<Result> {
  if (input.file !== null) return use(fileChunks(input.file, signal));
  const source = input.open();
  try {
    return await use(source);
  } finally {
    source.destroy();
  }
}

/** Into the same memory again and again: for a long file fresh memory costs more than reading. */
async function* fileChunks(file: string | number, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  const handle = typeof file === 'string' ? await open(file) : null;
  const descriptor = handle?.fd ?? (file as number);
  const buffer = new Uint8Array(CHUNK_BYTES);
  try {
    for (;;) {
      signal.throwIfAborted();
      const size = await readInto(descriptor, buffer);
      if (size === 0) return;
      yield buffer.subarray(0, size);
    }
  } finally {
    await handle?.close();
  }
}

function readInto(descriptor: number, buffer: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    read(descriptor, buffer, 0, buffer.length, null, (error, size) => (error === null ? resolve(size) : reject(error)));
  });
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    await access(path, constants.R_OK);
    const found = await stat(path);
    if (!found.isDirectory()) return found.isFile() ? found.size : null;
  } catch (cause) {
    throw new MerganserError('NOT_FOUND', `Expected a readable file at ${path}, but ${(cause as Error).message}.`, { cause });
  }
  throw new MerganserError('NOT_FOUND', `Expected a file at ${path}, but it is a directory.`);
}

/** All bytes of an input. */
export async function readAll(input: Input): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of input.open()) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Lines without their ends (LF or CRLF), in the groups in which they become complete. A last line need not be ended. */
export async function* lineGroups(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array[], void, undefined> {
  let unfinished: Uint8Array[] = [];
  for await (const chunk of source) {
    const lines: Uint8Array[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      lines.push(lineOf([...unfinished, chunk.subarray(start, end)]));
      unfinished = [];
      start = end + 1;
    }
    // A copy, as the chunk's memory may serve again.
    if (start < chunk.length) unfinished.push(new Uint8Array(chunk.subarray(start)));
    if (lines.length > 0) yield lines;
  }
  if (unfinished.length > 0) yield [Buffer.concat(unfinished)];
}

function lineOf(parts: readonly Uint8Array[]): Uint8Array {
  const line = parts.length === 1 ? parts[0] : Buffer.concat(parts);
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}
