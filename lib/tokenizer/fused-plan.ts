/**
 * Decides whether a tokenizer's whole way from text to ids is one that the backends have fused (`EncoderSpec`), and in which form the model is needed.
 * The plan must give the same ids as the general path on every text; where that is not certain, there is none.
 */
import type { BpeSpec, EncoderSpec, PatternProgram, SplitBehavior, SplitStep } from '../backend/kernels';
import type { TokenizerDefinition } from './definition';
import { fusedAddedTokens } from './fused-added-tokens';
import { splitsBehindByteLevel } from './load/bpe-spec';
import { isJsonObject, JsonFields } from './load/json-fields';
import type { ModelText } from './model-text';
import { VISIBLE_SPACE } from './model-text';
import type { PatternDialect } from './pattern/ast';
import { compilePattern, compileSplits, escapePattern } from './pattern/compile';
import { scannerFamily, scannerOfSteps } from './pattern/families';
import type { IsolatingSplit } from './pattern/join-splits';
import { GPT2_BEHAVIOR, GPT2_PATTERN } from './pre-tokenizers/byte-level';
import { readBehavior, readLength, readPrependScheme } from './pre-tokenizers/create-pre-tokenizer';
import { aliasSpaces } from './space-alias';
import { readPattern } from './text-matcher';
import { CodePointSet } from './unicode/code-point-set';
import { isNumeric, isPunctuation, isWhitespace } from './unicode/predicates';

/** What an `EncoderSpec` holds besides the model and the size of the cache. */
export type FusedPath = Omit<EncoderSpec, 'model' | 'cacheBytes'>;

/** A model as it is given to the backend, for either path. */
export interface ModelForm {
  readonly model: BpeSpec;
  /** The form of text that it reads; the general path needs to know. */
  readonly modelText: ModelText;
}

/** With the dialect of its pattern. */
type PlannedStep = SplitStep & { readonly dialect?: PatternDialect };

export interface EncodingPlan extends ModelForm {
  /** null: only the general path will do. */
  readonly fused: FusedPath | null;
}

/** The parts of a tokenizer that make pieces of text, and what the pieces are for. */
export type PathParts = Pick<TokenizerDefinition, 'normalizer' | 'preTokenizer' | 'split' | 'addedTokens'> & {
  readonly model: Pick<TokenizerDefinition['model'], 'input'>;
};

/** The fused path from text to pieces; null: only the general path will do. Throws as {@link planEncoding}. */
export function planPath(parts: PathParts): FusedPath | null {
  return new Planner(parts).plan();
}

/**
 * `compiled`: the model in the form of an earlier plan, which need not be made again if it is the form that is wanted.
 * @throws MerganserError INVALID_TOKENIZER or INVALID_PATTERN, as the parts' own constructors do.
 */
export function planEncoding(definition: TokenizerDefinition, compiled: ModelForm | null = null): EncodingPlan {
  const path = planPath(definition);
  const asLoaded = bytesText(definition);
  const modelText = path?.spaceAlias === true ? 'spaceAlias' : asLoaded;
  if (compiled?.modelText === modelText) return { ...compiled, fused: path };
  const { model } = definition;
  const spec = modelText === 'spaceAlias' ? aliasSpaces(model.spec) : model.spec;
  return spec === null ? { model: model.spec, modelText: asLoaded, fused: null } : { model: spec, modelText, fused: path };
}

/**
 * Without a pre-tokenizer it is the normalizer that writes a byte-level model's alphabet, and it has to write it: added tokens are searched in it. So has a
 * pre-tokenizer behind which others split.
 */
export function bytesText({ model, preTokenizer, flavor }: PathParts & Pick<TokenizerDefinition, 'flavor'>): ModelText {
  const written = preTokenizer === null || splitsBehindByteLevel(preTokenizer);
  return flavor === 'huggingface' && model.input === 'bytes' && written ? 'alphabetBytes' : 'asIs';
}

const SPACE = ' ';
const VISIBLE = String.fromCodePoint(VISIBLE_SPACE);

/** Follows the parts of a tokenizer in order; every step that does not fit gives the plan up. */
class Planner {
  private nfc = false;
  private spaceAlias = false;
  private prefixSpace: EncoderSpec['prefixSpace'] = 'never';
  /** U+2581 was put before the text: only right if it is turned into a space with all others. */
  private needsAlias = false;
  private normalizes = false;
  /** ByteLevel has written its alphabet. */
  private written = false;
  private readonly steps: PlannedStep[] = [];

  constructor(private readonly definition: PathParts) {}

  plan(): FusedPath | null {
    const { normalizer, preTokenizer, split, addedTokens } = this.definition;
    if (split !== null) this.steps.push(patternStep(split.pattern, 'fancy-regex', 'removed', true));
    const fits =
      flattenSteps(normalizer, 'normalizers').every((step, i, all) => this.normalize(step, i === all.length - 1)) &&
      flattenSteps(preTokenizer, 'pretokenizers').every((step) => this.preTokenize(step));
    if (!fits || (this.needsAlias && !this.spaceAlias)) return null;
    const added = fusedAddedTokens(addedTokens.list, this.normalizes);
    if (added === null) return null;
    const { nfc, spaceAlias, prefixSpace, steps } = this;
    const scanner = scannerOfSteps(steps);
    return { added, nfc, spaceAlias, prefixSpace, steps: scanner === null ? joinSteps(steps) : steps, scanner };
  }

  private normalize(fields: JsonFields, last: boolean): boolean {
    this.normalizes = true;
    switch (fields.get('type')) {
      case 'NFC':
        return this.planNfc();
      case 'Prepend':
        return this.planPrepend(fields.string('prepend'));
      case 'Replace':
        return this.planReplace(fields);
      case 'ByteLevel':
        // The model takes the bytes themselves.
        return last && !this.spaceAlias && this.definition.preTokenizer === null && this.definition.model.input === 'bytes';
      default:
        return false;
    }
  }

  /** The encoder normalizes before it does anything else. */
  private planNfc(): boolean {
    this.nfc = true;
    return !this.spaceAlias && this.prefixSpace === 'never';
  }

  private planPrepend(prefix: string): boolean {
    if (this.prefixSpace !== 'never' || (prefix !== VISIBLE && (prefix !== SPACE || this.spaceAlias))) return false;
    this.prefixSpace = 'always';
    this.needsAlias = prefix === VISIBLE;
    return true;
  }

  private planReplace(fields: JsonFields): boolean {
    const pattern = readPattern(fields);
    this.spaceAlias = true;
    return pattern.kind === 'String' && pattern.source === SPACE && fields.string('content') === VISIBLE;
  }

  private preTokenize(fields: JsonFields): boolean {
    switch (fields.get('type')) {
      case 'ByteLevel':
        return this.planByteLevel(fields);
      case 'Metaspace':
        return this.planMetaspace(fields);
      case 'Split':
        return this.planSplit(fields);
      case 'Digits':
        return this.push(setStep(isNumeric, fields.boolean('individual_digits') ? 'isolated' : 'contiguous'));
      case 'Punctuation':
        return this.push(setStep(isPunctuation, readBehavior(fields, 'Isolated')));
      case 'FixedLength':
        return this.push({ kind: 'fixedLength', length: readLength(fields), overAlphabet: false });
      case 'CharDelimiterSplit':
        return this.planLiteral(fields.character('delimiter'), 'removed');
      case 'WhitespaceSplit':
        return !this.spaceAlias && this.push(setStep(isWhitespace, 'removed'));
      case 'Whitespace':
        return !this.spaceAlias && this.push(patternStep(String.raw`\w+|[^\w\s]+`, 'fancy-regex', 'removed', true));
      case 'BertPreTokenizer':
        return !this.spaceAlias && this.push(setStep(isWhitespace, 'removed')) && this.push(setStep(isPunctuation, 'isolated'));
      default:
        return false;
    }
  }

  private planByteLevel(fields: JsonFields): boolean {
    if (this.written || this.spaceAlias || this.definition.model.input !== 'bytes') return false;
    if (fields.boolean('add_prefix_space')) {
      // The encoder puts the space before the whole stretch, not before each piece that earlier steps made of it.
      if (this.steps.length > 0) return false;
      if (this.prefixSpace === 'never') this.prefixSpace = 'unlessSpace';
    }
    if (fields.boolean('use_regex', true)) this.push(patternStep(GPT2_PATTERN, 'oniguruma', GPT2_BEHAVIOR, false));
    return (this.written = true);
  }

  private planMetaspace(fields: JsonFields): boolean {
    if (this.written || this.steps.length > 0 || fields.character('replacement') !== VISIBLE) return false;
    const scheme = readPrependScheme(fields);
    if (scheme !== 'never' && this.prefixSpace === 'never') this.prefixSpace = scheme === 'always' ? 'unlessSpace' : 'firstUnlessSpace';
    this.spaceAlias = true;
    return !fields.boolean('split', true) || this.planLiteral(VISIBLE, 'mergedWithNext');
  }

  private planSplit(fields: JsonFields): boolean {
    const { kind, source } = readPattern(fields);
    const behavior = readBehavior(fields);
    const invert = fields.boolean('invert');
    if (kind === 'String' && source !== '' && !invert) return this.planLiteral(source, behavior);
    const pattern = kind === 'String' ? escapePattern(source) : source;
    return !this.spaceAlias && this.push(patternStep(pattern, 'oniguruma', behavior, invert));
  }

  /** A split at a string, not inverted. Where spaces stand for U+2581, the string has to be one that is the same in both, or one of the two. */
  private planLiteral(literal: string, behavior: SplitBehavior): boolean {
    if (!this.spaceAlias) return this.push(literalStep(literal, behavior));
    // The text that is split holds no space, so there is nothing to split at (Gemma has such a step).
    if (literal === SPACE) return true;
    if (literal === VISIBLE) return this.push(literalStep(SPACE, behavior));
    return !literal.includes(SPACE) && !literal.includes(VISIBLE) && this.push(literalStep(literal, behavior));
  }

  private push(step: PlannedStep): true {
    this.steps.push(this.written ? overAlphabet(step) : step);
    return true;
  }
}

/** The steps of a component, sequences resolved. */
function flattenSteps(component: unknown, children: string): JsonFields[] {
  if (component === null || component === undefined) return [];
  const fields = JsonFields.of(component, children);
  if (fields.get('type') !== 'Sequence') return [fields];
  return fields.array(children).flatMap((step) => (isJsonObject(step) ? flattenSteps(step, children) : [JsonFields.of(step, children)]));
}

/** Where splits at characters of a set come first, as those at digits do in many tokenizers, they and the next split become one. */
function joinSteps(steps: readonly PlannedStep[]): SplitStep[] {
  const splits = steps.map(isolatingSplit);
  const joined: SplitStep[] = [];
  for (let end = steps.length; end > 0;) {
    const [start, program] = joinBefore(splits, end);
    joined.unshift(program === null ? steps[end - 1] : joinedStep(program));
    end = program === null ? end - 1 : start;
  }
  return joined;
}

/** As many steps as can be joined that end in front of `end`, from which on; null: not even two can. */
function joinBefore(splits: ReadonlyArray<IsolatingSplit | null>, end: number): [start: number, program: PatternProgram | null] {
  let joined: PatternProgram | null = null;
  let start = end - 1;
  if (splits[start] === null) return [start, null];
  while (start > 0 && splits[start - 1] !== null) {
    const program = compileSplits(splits.slice(start - 1, end) as IsolatingSplit[]);
    if (program === null) break;
    joined = program;
    start--;
  }
  return [start, joined];
}

function joinedStep(pattern: PatternProgram): SplitStep {
  return { kind: 'pattern', source: pattern.source, pattern, scanner: null, behavior: 'isolated', invert: false, overAlphabet: false };
}

function isolatingSplit(step: PlannedStep): IsolatingSplit | null {
  if (step.kind !== 'pattern' || step.overAlphabet || step.invert || step.dialect === undefined) return null;
  if (step.behavior !== 'isolated' && step.behavior !== 'contiguous') return null;
  return { source: step.source, dialect: step.dialect, contiguous: step.behavior === 'contiguous' };
}

/** The pattern is compiled when it is read: a backend that scans without it need not wait. */
function patternStep(source: string, dialect: PatternDialect, behavior: SplitBehavior, invert: boolean): PlannedStep {
  return {
    kind: 'pattern',
    dialect,
    source,
    get pattern() {
      return compilePattern(source, dialect);
    },
    scanner: scannerFamily(source, dialect),
    behavior,
    invert,
    overAlphabet: false,
  };
}

/** The step behind ByteLevel. Scanners know only text. */
function overAlphabet(step: PlannedStep): PlannedStep {
  if (step.kind === 'fixedLength') return { ...step, overAlphabet: true };
  return Object.defineProperties({} as PlannedStep, {
    ...Object.getOwnPropertyDescriptors(step),
    scanner: { value: null, enumerable: true },
    overAlphabet: { value: true, enumerable: true },
  });
}

function literalStep(literal: string, behavior: SplitBehavior): PlannedStep {
  return patternStep(escapePattern(literal), 'oniguruma', behavior, false);
}

const setSources = new Map<(codePoint: number) => boolean, string>();

/** A split at single characters of a kind. */
function setStep(isDelimiter: (codePoint: number) => boolean, behavior: SplitBehavior): PlannedStep {
  let source = setSources.get(isDelimiter);
  if (source === undefined) {
    const ranges = [...CodePointSet.fromPredicate(isDelimiter)].map(
      ([start, end]) => `\\x{${start.toString(16)}}-\\x{${(end - 1).toString(16)}}`,
    );
    source = `[${ranges.join('')}]`;
    setSources.set(isDelimiter, source);
  }
  return patternStep(source, 'oniguruma', behavior, false);
}
