/** Typed access to the fields of parsed JSON, with errors that name the place. */
import { describe, MerganserError } from '../../errors';

export type JsonObject = { readonly [key: string]: unknown };

/** Components of a tokenizer may hold each other; deeper than this is refused, as Hugging Face's parser does. */
const MAX_DEPTH = 128;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** A value's own field: fields such as `constructor` that only the prototype has do not count. */
export function ownField(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

export function invalidTokenizer(path: string, expected: string, actual: unknown): MerganserError {
  return new MerganserError('INVALID_TOKENIZER', `Expected ${path} to be ${expected}, but got ${describe(actual)}.`);
}

/** The fields of one JSON object. Every getter throws INVALID_TOKENIZER if the field is not what it must be. */
export class JsonFields {
  private constructor(
    readonly object: JsonObject,
    /** Where the object stands in the file; for messages. */
    readonly path: string,
  ) {}

  static of(value: unknown, path: string): JsonFields {
    if (!isJsonObject(value)) throw invalidTokenizer(path, 'an object', value);
    return new JsonFields(value, path);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.object, name);
  }

  get(name: string): unknown {
    return ownField(this.object, name);
  }

  pathOf(name: string): string {
    return this.path === '' ? `"${name}"` : `${this.path}.${name}`;
  }

  error(name: string, expected: string): MerganserError {
    return invalidTokenizer(this.pathOf(name), expected, this.get(name));
  }

  string(name: string): string {
    const value = this.get(name);
    if (typeof value !== 'string') throw this.error(name, 'a string');
    return value;
  }

  /** A string, or null where the field is missing or null. */
  nullableString(name: string): string | null {
    const value = this.get(name) ?? null;
    if (value !== null && typeof value !== 'string') throw this.error(name, 'a string or null');
    return value;
  }

  /** One Unicode character. */
  character(name: string): string {
    const value = this.string(name);
    if ([...value].length !== 1) throw this.error(name, 'one character');
    return value;
  }

  boolean(name: string, fallback?: boolean): boolean {
    const value = this.get(name) ?? fallback;
    if (typeof value !== 'boolean') throw this.error(name, 'true or false');
    return value;
  }

  /** An integer from 0 to `maximum`. */
  integer(name: string, maximum: number, fallback?: number): number {
    const value = this.get(name) ?? fallback;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > maximum) {
      throw this.error(name, `an integer from 0 to ${maximum}`);
    }
    return value;
  }

  array(name: string): readonly unknown[] {
    const value = this.get(name);
    if (!Array.isArray(value)) throw this.error(name, 'an array');
    return value;
  }

  fields(name: string): JsonFields {
    return JsonFields.of(this.get(name), this.pathOf(name));
  }

  oneOf<Value extends string>(name: string, values: readonly Value[], fallback?: Value): Value {
    const value = (this.get(name) ?? fallback) as Value;
    if (!values.includes(value)) throw this.error(name, values.map((option) => `"${option}"`).join(' or '));
    return value;
  }
}

/** Refuses components that are nested too deeply to walk, and what only JavaScript objects can be: components that hold themselves, arrays with gaps. */
export function checkNesting(value: unknown, path: string): void {
  const pending: Array<{ value: unknown; depth: number }> = [{ value, depth: 0 }];
  for (let entry = pending.pop(); entry !== undefined; entry = pending.pop()) {
    if (typeof entry.value !== 'object' || entry.value === null) continue;
    if (entry.depth === MAX_DEPTH) {
      throw new MerganserError(
        'INVALID_TOKENIZER',
        `Expected ${path} to be nested at most ${MAX_DEPTH} levels deep; it is deeper or contains itself.`,
      );
    }
    const children = Object.values(entry.value);
    if (Array.isArray(entry.value) && children.length !== entry.value.length) {
      throw new MerganserError(
        'INVALID_TOKENIZER',
        `Expected the arrays of ${path} to have no gaps, but one of ${entry.value.length} entries holds ${children.length}.`,
      );
    }
    for (const child of children) pending.push({ value: child, depth: entry.depth + 1 });
  }
}
