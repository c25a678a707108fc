/** Texts out of JSON Lines. */
import { MerganserError } from '../errors';
import { isJsonObject, ownField } from '../tokenizer/load/json-fields';
import { joinBytes } from '../tokenizer/join-bytes';
import { decodeUtf8 } from '../tokenizer/utf8';
import { wellFormedBytes } from '../tokenizer/well-formed';

const LINE_FEED = 0x0a;

/** The field of each line, empty lines left out. Throws MALFORMED_FILE, and INVALID_UTF8 if malformed bytes are not to be replaced. */
export async function* readJsonLines(
  chunks: AsyncIterable<Uint8Array>,
  field: string,
  name: string,
  replaceInvalid: boolean,
): AsyncGenerator<string, void, undefined> {
  let number = 0;
  for await (const line of linesOf(chunks)) {
    const place = `line ${++number} of ${name}`;
    const text = textOf(line, place, replaceInvalid);
    if (text.trim() !== '') yield fieldOf(text, field, place);
  }
}

function textOf(line: Uint8Array, place: string, replaceInvalid: boolean): string {
  try {
    return decodeUtf8(wellFormedBytes(line, replaceInvalid ? 'replace' : 'error'));
  } catch (cause) {
    if (cause instanceof MerganserError)
      throw new MerganserError(cause.code, `Expected ${place} to be UTF-8, but it holds malformed bytes.`, { cause });
    throw new MerganserError('OUT_OF_MEMORY', `Expected ${place} to fit into a string, but it has ${line.length} bytes.`, { cause });
  }
}

function fieldOf(line: string, field: string, place: string): string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new MerganserError('MALFORMED_FILE', `Expected ${place} to be JSON, but ${(cause as Error).message}.`, { cause });
  }
  const text = isJsonObject(value) ? ownField(value, field) : undefined;
  if (typeof text === 'string') return text;
  throw new MerganserError('MALFORMED_FILE', `Expected ${place} to be an object with text in ${JSON.stringify(field)}.`);
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let unfinished: Uint8Array[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      yield joinBytes([...unfinished, chunk.subarray(start, end)]);
      unfinished = [];
      start = end + 1;
    }
    if (start < chunk.length) unfinished.push(chunk.slice(start));
  }
  if (unfinished.length > 0) yield joinBytes(unfinished);
}
