/** From an origin to an engine that is ready to encode, through a file of its compiled form if one is wanted. */
import type { Kernels } from '../../backend/kernels';
import { selectKernels } from '../../backend/select';
import { invalidArgument } from '../../errors';
import { type CompiledFrom, restoreTokenizer } from '../compiled/compiled-tokenizer';
import { type SourceStamp, sourceOf } from '../compiled/container';
import { sameStamp, stampOf } from '../compiled/source-stamp';
import type { TokenizerDefinition } from '../definition';
import { Engine } from '../engine';
import type { ModelForm } from '../fused-plan';
import type { CachedLoadOptions, LoadOptions } from '../types';
import { type CachePlace, cachePlace, readCompiled, readCompiledSync, writeCompiled, writeCompiledSync } from './compiled-cache';

/** Where a tokenizer comes from. */
export interface Origin {
  /**
   * What its compiled form is found by. `name`: something that people recognise it by; `how`: everything but the contents of the source that
   * decides what the tokenizer is.
   */
  identify(): { readonly name: string; readonly how: readonly unknown[] };
  read(): Promise<Uint8Array>;
  define(bytes: Uint8Array, kernels: Kernels): TokenizerDefinition;
  /** The stamp of what `read` gave; default: that of all of it. */
  readonly stampOf?: (bytes: Uint8Array, kernels: Kernels) => SourceStamp;
  /** The same stamp of what `read` gives, without keeping it in memory, where that is possible; null if it cannot be had. */
  readonly stamp?: (kernels: Kernels) => Promise<SourceStamp | null>;
}

/** One that can be read without a promise. */
export interface SyncOrigin extends Origin {
  readSync(): Uint8Array;
  readonly stampSync?: (kernels: Kernels) => SourceStamp | null;
}

/** An engine that is ready to encode. Throws INVALID_ARGUMENT, BACKEND_UNAVAILABLE, and what the definition's parts throw. */
export function createEngine(definition: TokenizerDefinition, options: LoadOptions = {}, compiled: ModelForm | null = null): Engine {
  const engine = unpreparedEngine(definition, options, compiled);
  engine.prepare();
  return engine;
}

/** An engine that builds what encoding needs when it is first needed. Throws as {@link createEngine}. */
export function unpreparedEngine(definition: TokenizerDefinition, options: LoadOptions = {}, compiled: ModelForm | null = null): Engine {
  return new Engine(definition, selectKernels(options.backend), checkedCacheBytes(options.cacheBytes), compiled);
}

/** Throws MALFORMED_FILE. */
export function restoreEngine(bytes: Uint8Array, options: LoadOptions = {}): Engine {
  const { restored } = restoreTokenizer(bytes, selectKernels(options.backend));
  return createEngine(restored.definition, options, restored.form);
}

export async function loadEngine(origin: Origin, options: CachedLoadOptions): Promise<Engine> {
  const kernels = selectKernels(options.backend);
  const place = cachePlace(options.cache, () => origin.identify(), kernels);
  if (place === null) return createEngine(origin.define(await origin.read(), kernels), options);
  let source: Uint8Array | null = null;
  const compiled = await readCompiled(place, kernels);
  if (compiled !== null && sourceOf(compiled) !== null) {
    const stamp = origin.stamp === undefined ? ownStamp(origin, (source = await origin.read()), kernels) : await origin.stamp(kernels);
    const engine = stamp === null ? null : tryCompiled(compiled, { source: stamp, key: place.key }, options);
    if (engine !== null) return engine;
  }
  source ??= await origin.read();
  const engine = createEngine(origin.define(source, kernels), options);
  const bytes = tryCompile(engine, origin, source, place);
  if (bytes !== null) await writeCompiled(place, bytes);
  return engine;
}

/** `loadEngine` without a promise. */
export function loadEngineSync(origin: SyncOrigin, options: CachedLoadOptions): Engine {
  const kernels = selectKernels(options.backend);
  const place = cachePlace(options.cache, () => origin.identify(), kernels);
  if (place === null) return createEngine(origin.define(origin.readSync(), kernels), options);
  let source: Uint8Array | null = null;
  const compiled = readCompiledSync(place, kernels);
  if (compiled !== null && sourceOf(compiled) !== null) {
    const stamp = origin.stampSync === undefined ? ownStamp(origin, (source = origin.readSync()), kernels) : origin.stampSync(kernels);
    const engine = stamp === null ? null : tryCompiled(compiled, { source: stamp, key: place.key }, options);
    if (engine !== null) return engine;
  }
  source ??= origin.readSync();
  const engine = createEngine(origin.define(source, kernels), options);
  const bytes = tryCompile(engine, origin, source, place);
  if (bytes !== null) writeCompiledSync(place, bytes);
  return engine;
}

/** null if the file is of another source or another key, or not whole: whatever is wrong with it, the source is right. */
function tryCompiled(bytes: Uint8Array, wanted: CompiledFrom, options: LoadOptions): Engine | null {
  const source = sourceOf(bytes);
  if (source === null || !sameStamp(source, wanted.source)) return null;
  try {
    const { restored, from } = restoreTokenizer(bytes, selectKernels(options.backend));
    return from.key === wanted.key ? createEngine(restored.definition, options, restored.form) : null;
  } catch {
    return null;
  }
}

function ownStamp(origin: Origin, source: Uint8Array, kernels: Kernels): SourceStamp {
  return (origin.stampOf ?? stampOf)(source, kernels);
}

/** null if the tokenizer is one of the few that cannot be compiled. */
function tryCompile(engine: Engine, origin: Origin, source: Uint8Array, { key }: CachePlace): Uint8Array | null {
  try {
    return engine.compile({ source: ownStamp(origin, source, engine.kernels), key });
  } catch {
    return null;
  }
}

function checkedCacheBytes(cacheBytes: number | undefined): number | undefined {
  if (cacheBytes === undefined || (Number.isSafeInteger(cacheBytes) && cacheBytes >= 0)) return cacheBytes;
  throw invalidArgument('cacheBytes', 'an integer of 0 or more', cacheBytes);
}
