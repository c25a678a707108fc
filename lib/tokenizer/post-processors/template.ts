import { MerganserError } from '../../errors';
import { type EncodingPart, specialPart, withSequence, withTypeIds } from '../encoding-parts';
import { isJsonObject, JsonFields, ownField } from '../load/json-fields';
import type { LayoutPiece, PostProcessor } from './post-processor';

const MAX_UINT32 = 0xffff_ffff;

/** One element of a template. */
type Piece =
  | { readonly kind: 'sequence'; readonly index: 0 | 1; readonly typeId: number }
  | { readonly kind: 'special'; readonly ids: readonly number[]; readonly tokens: readonly string[]; readonly typeId: number };

/** TemplateProcessing: texts and special tokens in any order. */
export class TemplateProcessor implements PostProcessor {
  private constructor(
    private readonly single: readonly Piece[],
    private readonly pair: readonly Piece[],
  ) {}

  static read(fields: JsonFields): TemplateProcessor {
    const specials = readSpecials(fields);
    return new TemplateProcessor(readTemplate(fields, 'single', specials), readTemplate(fields, 'pair', specials));
  }

  addedTokens(pair: boolean): number {
    return (pair ? this.pair : this.single).reduce((sum, piece) => sum + (piece.kind === 'special' ? piece.ids.length : 0), 0);
  }

  process(parts: readonly EncodingPart[], addSpecialTokens: boolean): EncodingPart[] {
    const result: EncodingPart[] = [];
    for (const piece of this.template(parts.length)) {
      if (piece.kind === 'sequence') result.push(withSequence(withTypeIds(parts[piece.index], piece.typeId), piece.index));
      else if (addSpecialTokens) result.push(specialPart(piece.ids, piece.tokens, piece.typeId));
    }
    return result;
  }

  layout(pieces: readonly LayoutPiece[], addSpecialTokens: boolean): LayoutPiece[] {
    const result: LayoutPiece[] = [];
    for (const piece of this.template(pieces.length)) {
      if (piece.kind === 'sequence') result.push(pieces[piece.index]);
      else if (addSpecialTokens) result.push(Uint32Array.from(piece.ids));
    }
    return result;
  }

  private template(texts: number): readonly Piece[] {
    if (texts > 2) {
      throw new MerganserError('INVALID_TOKENIZER', `Expected a template behind at most one other template, but it gets ${texts} pieces.`);
    }
    return texts === 2 ? this.pair : this.single;
  }
}

function readSpecials(fields: JsonFields): Map<string, { ids: number[]; tokens: string[] }> {
  const specials = new Map<string, { ids: number[]; tokens: string[] }>();
  const table = fields.fields('special_tokens');
  for (const name of Object.keys(table.object)) {
    const entry = table.fields(name);
    const ids = entry.array('ids').map((id) => {
      if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > MAX_UINT32) throw entry.error('ids', 'an array of token ids');
      return id;
    });
    const tokens = entry.array('tokens').map((token) => {
      if (typeof token !== 'string') throw entry.error('tokens', 'an array of strings');
      return token;
    });
    if (ids.length !== tokens.length) throw entry.error('tokens', `an array of ${ids.length}, one for each id`);
    specials.set(name, { ids, tokens });
  }
  return specials;
}

/** A template as an array of pieces, or as the text that Hugging Face's constructors take (`[CLS] $A [SEP] $B:1`). */
function readTemplate(fields: JsonFields, name: string, specials: ReadonlyMap<string, { ids: number[]; tokens: string[] }>): Piece[] {
  const value = fields.get(name);
  const elements: readonly unknown[] = typeof value === 'string' ? value.split(' ') : fields.array(name);
  return elements.map((element, index) => {
    const path = `${fields.pathOf(name)}[${index}]`;
    const { id, typeId, isSequence } = typeof element === 'string' ? parsePiece(element, path) : readPiece(element, path);
    if (isSequence) {
      if (id === 'B' && name === 'single') {
        throw new MerganserError('INVALID_TOKENIZER', `Expected ${path} to be about text A, the only one there is, but it names text B.`);
      }
      return { kind: 'sequence', index: id === 'A' ? 0 : 1, typeId };
    }
    const special = specials.get(id);
    if (special === undefined) {
      throw new MerganserError(
        'INVALID_TOKENIZER',
        `Expected ${path} to name one of the template's special_tokens, but ${JSON.stringify(id)} is not among them.`,
      );
    }
    return { kind: 'special', ...special, typeId };
  });
}

interface NamedPiece {
  readonly id: string;
  readonly typeId: number;
  readonly isSequence: boolean;
}

function readPiece(element: unknown, path: string): NamedPiece {
  const fields = JsonFields.of(element, path);
  const name = isJsonObject(ownField(fields.object, 'Sequence')) ? 'Sequence' : 'SpecialToken';
  const piece = fields.fields(name);
  return {
    id: name === 'Sequence' ? piece.oneOf('id', ['A', 'B']) : piece.string('id'),
    typeId: piece.integer('type_id', MAX_UINT32),
    isSequence: name === 'Sequence',
  };
}

/** `$`, `$A`, `$B`, `$1` (text A with type 1) or a special token's name, each with `:type` behind it or not. */
function parsePiece(text: string, path: string): NamedPiece {
  const [name = '', type, ...rest] = text.split(':');
  const typeId = type === undefined ? 0 : Number(type);
  const sequence = /^\$(?:([AaBb]?)|([0-9]+))$/.exec(name);
  const malformed =
    rest.length > 0 || (type !== undefined && !/^[0-9]+$/.test(type)) || typeId > MAX_UINT32 || (name.startsWith('$') && sequence === null);
  if (malformed)
    throw new MerganserError(
      'INVALID_TOKENIZER',
      `Expected ${path} to be a template piece such as "$A:0" or "[CLS]", but got ${JSON.stringify(text)}.`,
    );
  if (sequence === null) return { id: name, typeId, isSequence: false };
  const isB = sequence[1]?.toUpperCase() === 'B';
  return { id: isB ? 'B' : 'A', typeId: type === undefined && sequence[2] !== undefined ? Number(sequence[2]) : typeId, isSequence: true };
}
