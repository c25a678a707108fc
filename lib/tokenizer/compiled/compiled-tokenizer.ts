/** A tokenizer as a compiled file holds it, and back. */
import type { BpeSpec, Kernels } from '../../backend/kernels';
import { describe, MerganserError } from '../../errors';
import { VERSION } from '../../version';
import { AddedTokens, type AddedTokensSnapshot } from '../added-tokens';
import type { BpeModel, TokenizerDefinition } from '../definition';
import type { ModelForm } from '../fused-plan';
import { byteBpeSpec, textBpeSpec, tiktokenBpeSpec } from '../load/bpe-spec';
import { isJsonObject } from '../load/json-fields';
import type { TokenTable } from '../token-table';
import { ByteVocabulary, PackedVocabulary, type TextVocabulary } from '../vocabulary';
import { readContainer, type SourceStamp, writeContainer } from './container';

/** The outline of the file. */
interface Compiled {
  /** Version of the package; no other reads the file. */
  readonly merganser: string;
  /** What else decided what the tokenizer is, besides its source. */
  readonly key: string;
  readonly parts: Omit<TokenizerDefinition, 'model' | 'addedTokens'>;
  readonly addedTokens: AddedTokensSnapshot;
  readonly model: Omit<BpeModel, 'vocabulary' | 'spec'>;
  readonly vocabulary: TokenTable;
  readonly form: ModelForm;
  readonly backend: Kernels['backend'];
}

export interface RestoredTokenizer {
  readonly definition: TokenizerDefinition;
  readonly form: ModelForm;
}

export interface CompiledFrom {
  readonly source: SourceStamp;
  /** See `Compiled.key`. */
  readonly key: string;
}

/** `tables`: what the backend derived from the model. Throws UNSUPPORTED for vocabularies with an empty token. */
export function compileTokenizer(
  { model, addedTokens, ...parts }: TokenizerDefinition,
  form: ModelForm,
  tables: Uint8Array | null,
  from: CompiledFrom,
  kernels: Kernels,
): Uint8Array {
  const { vocabulary, spec: _ownSpec, ...rest } = model;
  if (model.supermerges !== undefined) throw new MerganserError('UNSUPPORTED', 'A tokenizer with supermerges cannot be compiled.');
  if (model.events !== undefined)
    throw new MerganserError('UNSUPPORTED', 'A tokenizer that takes tokens back (PickyBPE) cannot be compiled.');
  const compiled: Compiled = {
    merganser: VERSION,
    key: from.key,
    parts,
    addedTokens: addedTokens.snapshot(),
    model: rest,
    vocabulary: tableOf(model),
    form: { modelText: form.modelText, model: { ...form.model, tables, checksum: undefined } },
    backend: kernels.backend,
  };
  if (new PackedVocabulary(compiled.vocabulary).size !== vocabulary.size)
    throw new MerganserError('UNSUPPORTED', 'A vocabulary that holds the empty string as a token cannot be compiled.');
  return writeContainer(compiled, from.source, tables, kernels);
}

function tableOf({ merges, spec, vocabulary }: BpeModel): TokenTable {
  if (merges === null) return { tokenBytes: spec.tokenBytes, tokenOffsets: spec.tokenOffsets };
  const { tokenBytes, tokenOffsets } = (vocabulary as TextVocabulary).utf8();
  return { tokenBytes, tokenOffsets };
}

/** Throws MALFORMED_FILE for anything but a whole file of this version of the package. */
export function restoreTokenizer(bytes: Uint8Array, kernels: Kernels): { restored: RestoredTokenizer; from: CompiledFrom } {
  const { source, checksum, outline } = readContainer(bytes, kernels);
  if (!isJsonObject(outline) || outline['merganser'] !== VERSION) {
    const version = isJsonObject(outline) ? outline['merganser'] : undefined;
    throw new MerganserError('MALFORMED_FILE', `Expected a tokenizer compiled by merganser ${VERSION}, but got ${describe(version)}.`);
  }
  // Whoever forges a checksum can write any outline. What he gets is an exception, here or when the tokenizer is used.
  try {
    const compiled = outline as unknown as Compiled;
    const { backend, form, key } = compiled;
    const tables = backend === kernels.backend ? (form.model.tables ?? null) : null;
    if (tables === null) checkModel(form.model);
    return {
      restored: { definition: restoreDefinition(compiled), form: { ...form, model: { ...form.model, tables, checksum } } },
      from: { source, key },
    };
  } catch (cause) {
    if (cause instanceof MerganserError) throw cause;
    throw new MerganserError('MALFORMED_FILE', 'Expected a compiled tokenizer whose outline is whole, but it is not.', { cause });
  }
}

function restoreDefinition({ parts, addedTokens, model, vocabulary: table }: Compiled): TokenizerDefinition {
  const vocabulary = model.merges === null ? new ByteVocabulary(table) : new PackedVocabulary(table);
  let spec: BpeSpec | null = null;
  return {
    ...parts,
    model: {
      ...model,
      vocabulary,
      get spec() {
        return (spec ??= originalSpec(model, vocabulary, table));
      },
    },
    addedTokens: AddedTokens.restore(vocabulary, addedTokens),
  };
}

/** The specification as loading makes it; a restored tokenizer needs it when tokens are added or it is saved. */
function originalSpec(
  { merges, input, settings }: Compiled['model'],
  vocabulary: ByteVocabulary | PackedVocabulary,
  table: TokenTable,
): BpeSpec {
  if (merges === null || vocabulary instanceof ByteVocabulary) return tiktokenBpeSpec(table);
  const parts = { vocabulary, merges, settings };
  return input === 'bytes' ? byteBpeSpec(parts) : textBpeSpec(parts);
}

/** Backends do not check specifications; tables they do. Throws MALFORMED_FILE. */
function checkModel({ tokenBytes, tokenOffsets, merges, byteIds, unkId }: BpeSpec): void {
  const tokens = tokenOffsets.length - 1;
  let sound =
    tokens >= 0 && tokenOffsets[0] === 0 && tokenOffsets[tokens] === tokenBytes.length && byteIds.length === 256 && unkId < tokens;
  for (let id = 0; id < tokens; id++) sound &&= tokenOffsets[id] <= tokenOffsets[id + 1];
  for (const id of byteIds) sound &&= id < tokens;
  if (merges !== null) for (let i = 0; i < merges.length; i++) sound &&= merges[i] < tokens;
  if (!sound)
    throw new MerganserError(
      'MALFORMED_FILE',
      'Expected a compiled tokenizer whose model is sound, but its numbers lie outside of its arrays.',
    );
}
