/** One embedding for each sequence by latents that attend to its states, with trained weights (Tang & Yang 2024, after Perceiver and NV-Embed). */
import { describeShape, isShape, objectOf } from '../arguments';
import type { BackendName } from '../backend/kernels';
import { selectKernels } from '../backend/select';
import { float32Vectors, type Float32Vectors } from '../clustering/matrix';
import { runStepsInBackground, type Steps } from '../clustering/steps';
import { describe, invalidArgument, unexpected } from '../errors';
import { ownArray } from '../own-array';
import { checkingStates, meanOfTokens, ownStates, toUnitLength, type CheckedStates, type HiddenStates } from './hidden-states';
import { attend, geglu, layerNorm, linear, type LinearWeights, type NormWeights } from './layers';

/** D: length of the states; R: latents; I: heads × length of a head. */
export interface LatentPoolingWeights {
  readonly heads: number;
  /** [R, D]. */
  readonly latents: { readonly data: Float32Array; readonly dims: readonly number[] };
  /** `[layers, D]`: the latents attend to the layers' means instead of the last layer's tokens. */
  readonly layerEmbedding?: { readonly data: Float32Array; readonly dims: readonly number[] };
  readonly latentNorm: NormWeights;
  readonly contextNorm: NormWeights;
  /** [I, D]. */
  readonly query: LinearWeights;
  /** `[2 I, D]`: keys, then values. */
  readonly keyValue: LinearWeights;
  /** [D, I]. */
  readonly output: LinearWeights;
  readonly feedForwardNorm: NormWeights;
  /** `[8 D, D]`: values, then gates. */
  readonly expand: LinearWeights;
  /** [D, 4 D]. */
  readonly contract: LinearWeights;
}

/**
 * Latents attend to what the states give, add what they find, pass a GEGLU layer, add that, and their mean at unit length is the embedding. What the states give: with
 * `layerEmbedding` the mean over tokens of each layer, plus that layer's embedding; without, all tokens of the last layer.
 */
export class LatentPooling {
  readonly #width: number;
  readonly #inner: number;
  #weights: LatentPoolingWeights;
  #own: Promise<LatentPoolingWeights> | null = null;

  /**
   * Throws INVALID_ARGUMENT for weights whose shapes do not fit together. The first `pool` copies arrays that are not in a SharedArrayBuffer: until it resolves, and shared ones always, they must
   * stay as they are.
   */
  constructor(weights: LatentPoolingWeights) {
    ({ width: this.#width, inner: this.#inner } = checkWeights(weights));
    this.#weights = weights;
  }

  /**
   * Embeddings [sequences, D]. `states`: with `layerEmbedding` [layers, sequences, tokens, D], else [sequences, tokens, D]; `mask`: 1 for each token of all sequences, 0 for
   * padding. Rejects with INVALID_ARGUMENT, also if arrays are taken away meanwhile, and with ABORTED.
   */
  async pool(
    states: HiddenStates,
    mask: ArrayLike<number>,
    options: { readonly backend?: BackendName; readonly signal?: AbortSignal } = {},
  ): Promise<Float32Vectors> {
    const { backend, signal } = objectOf(options, 'options');
    const kernels = selectKernels(backend);
    const { layerEmbedding } = this.#weights;
    const [own, weights] = await Promise.all([ownStates(states, signal), this.#ownWeights()]);
    const checked = await runStepsInBackground(checkingStates(own, mask, layerEmbedding !== undefined), kernels, signal);
    const layers = layerEmbedding?.dims[0] ?? 1;
    if (checked.width !== this.#width || checked.layers !== layers)
      throw unexpected('states', `${layers} layers of ${this.#width} numbers per token`, `${checked.layers} of ${checked.width}`);
    return runStepsInBackground(this.#pooling(checked, weights), kernels, signal);
  }

  /** What threads may read. */
  #ownWeights(): Promise<LatentPoolingWeights> {
    this.#own ??= copyOf(this.#weights).then(
      (own) => (this.#weights = own),
      (error: unknown) => {
        this.#own = null;
        throw error;
      },
    );
    return this.#own;
  }

  *#pooling(checked: CheckedStates, weights: LatentPoolingWeights): Steps<Float32Vectors> {
    const { layerEmbedding, latents, latentNorm, query } = weights;
    const width = this.#width;
    // They are the same for all sequences.
    const queries = yield* linear(query, yield* layerNorm(latentNorm, latents.data), width);
    const out = new Float32Array(checked.sequences * width);
    for (let sequence = 0; sequence < checked.sequences; sequence++) {
      const context = layerEmbedding === undefined ? tokensOf(checked, sequence) : layerMeans(checked, sequence, layerEmbedding.data);
      out.set(yield* this.#embedding(weights, queries, context), sequence * width);
      yield null;
    }
    toUnitLength(out, width);
    return float32Vectors(out, width);
  }

  *#embedding(weights: LatentPoolingWeights, queries: Float32Array, context: Float32Array): Steps<Float64Array> {
    const [width, inner] = [this.#width, this.#inner];
    const keyValues = yield* linear(weights.keyValue, yield* layerNorm(weights.contextNorm, context), width);
    const found = yield* attend(queries, keyValues, weights.heads, inner / weights.heads);
    const attended = sumOf(yield* linear(weights.output, found, inner), weights.latents.data);
    const expanded = yield* geglu(yield* linear(weights.expand, yield* layerNorm(weights.feedForwardNorm, attended), width), 4 * width);
    const latents = sumOf(yield* linear(weights.contract, expanded, 4 * width), attended);
    const rows = latents.length / width;
    return meanOfTokens(
      latents,
      0,
      width,
      Uint32Array.from({ length: rows }, (_, i) => i),
      () => 1,
    );
  }
}

/** Throws INVALID_ARGUMENT for weights whose shapes do not fit together. */
function checkWeights(weights: LatentPoolingWeights): { readonly width: number; readonly inner: number } {
  const { latents, layerEmbedding, heads, query } = objectOf(weights, 'weights');
  const [rows, width] = matrixShape(latents, 'latents');
  const inner = (objectOf(query, 'query').weight?.length ?? 0) / width;
  if (!(Number.isInteger(inner) && inner > 0))
    throw unexpected('query.weight', `rows of ${width} numbers`, `${query.weight?.length} numbers`);
  if (!Number.isInteger(heads) || heads < 1 || inner % heads !== 0)
    throw invalidArgument('heads', `a divisor of ${inner}, the rows of query`, heads);
  expectLength('latents', latents.data, rows * width);
  if (layerEmbedding !== undefined) {
    const [layers] = matrixShape(layerEmbedding, 'layerEmbedding');
    expectLength('layerEmbedding', layerEmbedding.data, layers * width);
  }
  for (const name of ['latentNorm', 'contextNorm', 'feedForwardNorm'] as const) checkLayer(name, weights[name], width, 1);
  checkLayer('query', query, inner, width);
  checkLayer('keyValue', weights.keyValue, 2 * inner, width);
  checkLayer('output', weights.output, width, inner);
  checkLayer('expand', weights.expand, 8 * width, width);
  checkLayer('contract', weights.contract, width, 4 * width);
  return { width, inner };
}

/** In memory that nobody takes away. Rejects with INVALID_ARGUMENT. */
async function copyOf(weights: LatentPoolingWeights): Promise<LatentPoolingWeights> {
  const layer = async (name: string, { weight, bias }: LinearWeights): Promise<LinearWeights> => ({
    weight: await ownArray(weight, `${name}.weight`),
    ...(bias && { bias: await ownArray(bias, `${name}.bias`) }),
  });
  const { heads, latents, layerEmbedding } = weights;
  const own = {
    heads,
    latents: { ...latents, data: await ownArray(latents.data, 'latents') },
    ...(layerEmbedding && { layerEmbedding: { ...layerEmbedding, data: await ownArray(layerEmbedding.data, 'layerEmbedding') } }),
    latentNorm: await layer('latentNorm', weights.latentNorm),
    contextNorm: await layer('contextNorm', weights.contextNorm),
    query: await layer('query', weights.query),
    keyValue: await layer('keyValue', weights.keyValue),
    output: await layer('output', weights.output),
    feedForwardNorm: await layer('feedForwardNorm', weights.feedForwardNorm),
    expand: await layer('expand', weights.expand),
    contract: await layer('contract', weights.contract),
  };
  // Those that were taken away are shorter.
  checkWeights(own);
  return own;
}

function tokensOf({ data, tokens, width, places }: CheckedStates, sequence: number): Float32Array {
  const out = new Float32Array(places[sequence].length * width);
  places[sequence].forEach((place, i) => {
    const from = (sequence * tokens + place) * width;
    out.set(data.subarray(from, from + width), i * width);
  });
  return out;
}

function layerMeans(states: CheckedStates, sequence: number, embeddings: Float32Array): Float32Array {
  const { data, layers, sequences, tokens, width, places } = states;
  const out = new Float32Array(layers * width);
  for (let layer = 0; layer < layers; layer++) {
    const from = (layer * sequences + sequence) * tokens * width;
    out.set(
      meanOfTokens(data, from, width, places[sequence], () => 1),
      layer * width,
    );
  }
  return sumOf(out, embeddings);
}

function sumOf(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, at) => value + b[at]);
}

function matrixShape(matrix: { readonly dims: readonly number[] }, name: string): readonly number[] {
  const { dims } = objectOf(matrix, name);
  if (!isShape(dims, [2], 1)) throw unexpected(`${name}.dims`, '[rows, length]', describeShape(dims));
  return dims;
}

function checkLayer(name: string, layer: LinearWeights, outputs: number, inputs: number): void {
  const { weight, bias } = objectOf(layer, name);
  expectLength(`${name}.weight`, weight, outputs * inputs);
  if (bias !== undefined) expectLength(`${name}.bias`, bias, outputs);
}

function expectLength(name: string, array: Float32Array, length: number): void {
  if (!(array instanceof Float32Array) || array.length !== length)
    throw unexpected(
      name,
      `a Float32Array of ${length} numbers`,
      array instanceof Float32Array ? `${array.length} numbers` : describe(array),
    );
}
