/** Files and standard input as streams of bytes. */
import { constants, createReadStream } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { MerganserError } from '../errors';
import type { Terminal } from './terminal';

const CHUNK_BYTES = 4 << 20;
const STDIN = '-';

export interface Input {
  /** As the user wrote it; `-` is standard input. */
  readonly name: string;
  /** null where nobody knows, as of pipes. */
  readonly size: number | null;
  open(): Readable;
}

/** The inputs that a command was given, standard input if there are none. Throws NOT_FOUND for what cannot be read, before anything is read. */
export async function openInputs(names: readonly string[], { stdin, signal }: Terminal): Promise<Input[]> {
  const inputs: Input[] = [];
  for (const name of names.length === 0 ? [STDIN] : names) {
    if (name === STDIN) inputs.push({ name, size: null, open: () => addAbortSignal(signal, stdin) });
    else inputs.push({ name, size: await sizeOf(name), open: () => createReadStream(name, { highWaterMark: CHUNK_BYTES, signal }) });
  }
  return inputs;
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
    if (start < chunk.length) unfinished.push(chunk.subarray(start));
    if (lines.length > 0) yield lines;
  }
  if (unfinished.length > 0) yield [Buffer.concat(unfinished)];
}

function lineOf(parts: readonly Uint8Array[]): Uint8Array {
  const line = parts.length === 1 ? parts[0] : Buffer.concat(parts);
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}
