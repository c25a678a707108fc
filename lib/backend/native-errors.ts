/** Exceptions of the addon as {@link MerganserError}s. */

import { MerganserError } from '../errors';
import { tooManySteps } from './js/pattern-backtracker';

/** Calls the addon to build something: it may be larger than the addon's tables. */
export function building<T>(build: () => T): T {
  try {
    return build();
  } catch (error) {
    const message = messageOf(error);
    if (message.startsWith('tables ')) throw new MerganserError('MALFORMED_FILE', `Expected ${message}.`, { cause: error });
    const code = message.startsWith('more ') ? 'UNSUPPORTED' : 'OUT_OF_MEMORY';
    throw new MerganserError(code, `The native backend cannot hold this tokenizer: ${message}.`, { cause: error });
  }
}

/** Calls the addon to work on a text. */
export function running<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw runtimeError(messageOf(error), error);
  }
}

/** The error for a message that the addon gave. */
export function runtimeError(message: string, cause?: unknown): MerganserError {
  if (message.startsWith('too many ways')) return tooManySteps();
  return new MerganserError('OUT_OF_MEMORY', `Encoding failed: ${message}.`, { cause });
}

// Errors of the addon are of Node's main realm and may be no instances of this one's Error.
export function messageOf(error: unknown): string {
  return String((error as { message?: unknown } | null)?.message ?? error);
}
