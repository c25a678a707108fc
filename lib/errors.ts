/**
 * The one error class of the package. `code` is stable across versions and meant for programs;
 * `message` says what was expected and what came, and is meant for people.
 */

/** Every code a {@link MerganserError} can carry. */
export type MerganserErrorCode =
  /** An argument has the wrong type, shape or range. */
  | 'INVALID_ARGUMENT'
  /** A file's text is not well-formed (JSON, base64, a truncated line …). */
  | 'MALFORMED_FILE'
  /** A well-formed tokenizer definition contradicts itself (a merge of unknown tokens, duplicate ids …). */
  | 'INVALID_TOKENIZER'
  /** A tokenizer uses a component or option that merganser does not support; the message names it. */
  | 'UNSUPPORTED'
  /** A regular expression cannot be parsed, or uses a construct that is not supported. */
  | 'INVALID_PATTERN'
  /** A special token was found in text in which it is not allowed. */
  | 'DISALLOWED_SPECIAL'
  /** Bytes that are not UTF-8 where UTF-8 was demanded. */
  | 'INVALID_UTF8'
  /** A token or id that the vocabulary does not hold. */
  | 'UNKNOWN_TOKEN'
  /** A model or encoding name that is not known. */
  | 'UNKNOWN_MODEL'
  /** A file or resource could not be found or read. */
  | 'NOT_FOUND'
  /** A download failed. */
  | 'DOWNLOAD_FAILED'
  /** A backend was demanded that cannot be used; the message says why. */
  | 'BACKEND_UNAVAILABLE'
  /** The object was disposed. */
  | 'DISPOSED'
  /** The operation was cancelled through its AbortSignal. */
  | 'ABORTED'
  /** Memory could not be allocated, or a size limit was passed. */
  | 'OUT_OF_MEMORY'
  /** A defect of merganser itself. */
  | 'INTERNAL';

export class MerganserError extends Error {
  override readonly name = 'MerganserError';
  readonly code: MerganserErrorCode;

  constructor(code: MerganserErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** Short description of a value for messages: its type, and the value itself where that is short. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') {
    return value.length > 40 ? `a string of ${value.length} characters` : `the string ${JSON.stringify(value)}`;
  }
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') {
    return `the ${typeof value} ${String(value)}`;
  }
  if (typeof value === 'object') return Array.isArray(value) ? `an array of ${value.length}` : `a ${value.constructor?.name ?? 'object'}`;
  return value === undefined ? 'undefined' : `a ${typeof value}`;
}

/** The error for an argument that is not what it must be. */
export function invalidArgument(name: string, expected: string, actual: unknown): MerganserError {
  return new MerganserError('INVALID_ARGUMENT', `Expected ${name} to be ${expected}, but got ${describe(actual)}.`);
}

/** The same, where words say better than the value what came. */
export function unexpected(name: string, expected: string, came: string): MerganserError {
  return new MerganserError('INVALID_ARGUMENT', `Expected ${name} to be ${expected}, but got ${came}.`);
}

/** The error for an aborted operation; `cause` is the signal's reason. */
export function aborted(signal: AbortSignal): MerganserError {
  return new MerganserError('ABORTED', 'The operation was aborted.', { cause: signal.reason });
}
