/** Ids on their way in, in the formats that `encode` writes. */
import { MerganserError } from '../errors';
import type { IdFormat } from './write-ids';

/** Ids of the present text, or its end. */
export type IdEvent = readonly number[] | 'end of text';

const LARGEST_ID = 0xffff_ffff;
const [LINE_FEED, COMMA, OPEN, CLOSE, ZERO, NINE] = Array.from('\n,[]09', (character) => character.charCodeAt(0));
const SPACES = new Set(Array.from(' \t\r\n', (character) => character.charCodeAt(0)));

/** Reads ids as they come. Throws MALFORMED_FILE for what is not in the format. */
export async function* readIds(
  source: AsyncIterable<Uint8Array>,
  format: IdFormat,
  name: string,
): AsyncGenerator<IdEvent, void, undefined> {
  const reader =
    format === 'text' ? new TextReader(name) : format === 'json' ? new JsonReader(name) : new RawReader(name, format === 'u16' ? 2 : 4);
  for await (const chunk of source) yield* reader.read(chunk);
  yield* reader.end();
}

interface Reader {
  read(chunk: Uint8Array): Iterable<IdEvent>;
  end(): Iterable<IdEvent>;
}

/** Ids in decimal, which may be cut by the end of a chunk. */
abstract class DecimalReader implements Reader {
  protected ids: number[] = [];
  private pending: number | null = null;
  private position = 0;

  constructor(private readonly name: string) {}

  *read(chunk: Uint8Array): Iterable<IdEvent> {
    for (const byte of chunk) {
      if (byte >= ZERO && byte <= NINE) this.digit(byte - ZERO);
      else {
        this.finishNumber();
        yield* this.separator(byte);
      }
      this.position++;
    }
    // A number that is not complete stays.
    yield* this.takeIds();
  }

  *end(): Iterable<IdEvent> {
    this.finishNumber();
    yield* this.takeIds();
    yield* this.finish();
  }

  protected abstract separator(byte: number): Iterable<IdEvent>;
  protected abstract finish(): Iterable<IdEvent>;
  /** Called before a number; throws if none may stand here. */
  protected abstract beforeNumber(): void;

  protected *takeIds(): Iterable<IdEvent> {
    if (this.ids.length > 0) yield this.ids;
    this.ids = [];
  }

  protected malformed(expected: string): MerganserError {
    return new MerganserError('MALFORMED_FILE', `Expected ${expected} at byte ${this.position} of ${this.name}.`);
  }

  private digit(digit: number): void {
    if (this.pending === null) this.beforeNumber();
    this.pending = 10 * (this.pending ?? 0) + digit;
    if (this.pending > LARGEST_ID) throw this.malformed(`an id up to ${LARGEST_ID}`);
  }

  private finishNumber(): void {
    if (this.pending !== null) this.ids.push(this.pending);
    this.pending = null;
  }
}

/** Ids with white space between; a line is a text. */
class TextReader extends DecimalReader {
  private lineHasContent = false;

  protected beforeNumber(): void {
    this.lineHasContent = true;
  }

  protected *separator(byte: number): Iterable<IdEvent> {
    if (!SPACES.has(byte)) throw this.malformed('ids with white space between');
    if (byte !== LINE_FEED) return;
    yield* this.takeIds();
    yield 'end of text';
    this.lineHasContent = false;
  }

  protected *finish(): Iterable<IdEvent> {
    if (this.lineHasContent) yield 'end of text';
  }
}

/** Arrays of ids, one after another; each is a text. */
class JsonReader extends DecimalReader {
  private state: 'outside' | 'opened' | 'after comma' | 'after id' = 'outside';

  protected beforeNumber(): void {
    if (this.state !== 'opened' && this.state !== 'after comma')
      throw this.malformed(this.state === 'outside' ? 'an array of ids' : '"," or "]"');
    this.state = 'after id';
  }

  protected *separator(byte: number): Iterable<IdEvent> {
    if (SPACES.has(byte)) return;
    if (byte === OPEN && this.state === 'outside') this.state = 'opened';
    else if (byte === COMMA && this.state === 'after id') this.state = 'after comma';
    else if (byte === CLOSE && (this.state === 'opened' || this.state === 'after id')) {
      this.state = 'outside';
      yield* this.takeIds();
      yield 'end of text';
    } else throw this.malformed(this.state === 'outside' ? 'an array of ids' : this.state === 'after id' ? '"," or "]"' : 'an id');
  }

  // eslint-disable-next-line require-yield -- nothing is left where everything is well-formed
  protected *finish(): Iterable<IdEvent> {
    if (this.state !== 'outside') throw this.malformed('"]"');
  }
}

/** Little-endian integers; everything is one text. */
class RawReader implements Reader {
  private rest: Uint8Array = new Uint8Array(0);

  constructor(
    private readonly name: string,
    private readonly width: 2 | 4,
  ) {}

  *read(chunk: Uint8Array): Iterable<IdEvent> {
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const { width } = this;
    const length = Math.floor(bytes.length / width);
    yield Array.from({ length }, (_, index) => (width === 2 ? view.getUint16(2 * index, true) : view.getUint32(4 * index, true)));
    this.rest = bytes.slice(length * width);
  }

  *end(): Iterable<IdEvent> {
    if (this.rest.length > 0) {
      throw new MerganserError(
        'MALFORMED_FILE',
        `Expected ${this.name} to hold ids of ${this.width} bytes, but ${this.rest.length} bytes are left over.`,
      );
    }
    yield 'end of text';
  }
}
