/** From a file's bytes to parsed JSON. */
import { MerganserError } from '../../errors';

/** The text of a UTF-8 file; MALFORMED_FILE if it is not UTF-8. */
export function utf8Text(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new MerganserError('MALFORMED_FILE', `Expected ${name} to be UTF-8 text, but it holds malformed bytes.`, { cause });
  }
}

/** Parses JSON; MALFORMED_FILE says where it goes wrong. */
export function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MerganserError('MALFORMED_FILE', `Expected ${name} to be JSON, but it is not${place(text, reason)}: ${reason}`, { cause });
  }
}

/** " at line L, column C" of the error; the end of the text where the engine's message gives no position. */
function place(text: string, reason: string): string {
  const found = /position (\d+)/.exec(reason);
  const position = found !== null ? Number(found[1]) : /end of/.test(reason) ? text.length : -1;
  if (position < 0) return '';
  const before = text.slice(0, position);
  const line = before.split('\n').length;
  return ` at line ${line}, column ${position - before.lastIndexOf('\n')} of ${text.length} characters`;
}
