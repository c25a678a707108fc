import { invalidArgument, MerganserError } from '../../errors';
import { checkTexts } from './check-tokens';
import { matrixOf } from './matrix';
import type { FloatTensor, TokenEmbedder, TokensToEmbed } from './types';

/** What is used of onnxruntime's InferenceSession. */
export interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(
    feeds: Record<string, unknown>,
  ): Promise<Record<string, { readonly type: string; readonly data: unknown; readonly dims: readonly number[] }>>;
}

/** What is used of the package onnxruntime-node (or onnxruntime-web). */
export interface OnnxRuntime {
  readonly InferenceSession: { create(model: string | Uint8Array): Promise<OnnxSession> };
  readonly Tensor: new (type: 'int32' | 'int64', data: Int32Array | BigInt64Array, dims: readonly number[]) => unknown;
}

export interface OnnxHypernetworkOptions {
  /** The ids that the hypernetwork reads a token as (in ZeTT: its text in the hypernetwork's own tokenizer). Longer ones are cut. */
  tokenIds: (text: string) => ArrayLike<number>;
  /** Ids for each token. Default 7. */
  length?: number;
  /** Fills up shorter ones. Default 0. */
  padId?: number;
  /** Type of the ids that the model takes. Default 'int32'. */
  inputType?: 'int32' | 'int64';
  /** Name of the model's input; default: its first. */
  input?: string;
  /** Name of the model's output: width × tokens, float32; default: its first. Models with a second head for output embeddings name it here. */
  output?: string;
}

const LENGTH = 7;

/**
 * Embeddings out of a hypernetwork (Minixhofer, Ponti, Vulić: Zero-Shot Tokenizer Transfer, arXiv 2405.07883) that was exported to ONNX: ids, tokens ×
 * length, go in, and a row for each token comes out.
 */
export class OnnxHypernetwork implements TokenEmbedder {
  readonly #session: OnnxSession;
  readonly #runtime: OnnxRuntime;
  readonly #options: Required<OnnxHypernetworkOptions>;

  private constructor(session: OnnxSession, runtime: OnnxRuntime, options: Required<OnnxHypernetworkOptions>) {
    this.#session = session;
    this.#runtime = runtime;
    this.#options = options;
  }

  /**
   * `model`: a path or the file's bytes. `runtime`: the module onnxruntime-node, which is not part of this package. Throws INVALID_ARGUMENT for options that
   * do not fit the model, and MALFORMED_FILE if the runtime cannot load it.
   */
  static async create(runtime: OnnxRuntime, model: string | Uint8Array, options: OnnxHypernetworkOptions): Promise<OnnxHypernetwork> {
    if (typeof runtime?.InferenceSession?.create !== 'function') throw invalidArgument('runtime', 'the module onnxruntime-node', runtime);
    const { tokenIds, length = LENGTH, padId = 0, inputType = 'int32' } = options;
    if (typeof tokenIds !== 'function') throw invalidArgument('tokenIds', 'a function', tokenIds);
    if (!Number.isInteger(length) || length < 1) throw invalidArgument('length', 'an integer of 1 or more', length);
    if (!Number.isInteger(padId)) throw invalidArgument('padId', 'an integer', padId);
    if (inputType !== 'int32' && inputType !== 'int64') throw invalidArgument('inputType', "'int32' or 'int64'", inputType);
    const session = await load(runtime, model);
    const { input = session.inputNames[0], output = session.outputNames[0] } = options;
    if (!session.inputNames.includes(input)) throw invalidArgument('input', `one of the model's: ${session.inputNames.join(', ')}`, input);
    if (!session.outputNames.includes(output))
      throw invalidArgument('output', `one of the model's: ${session.outputNames.join(', ')}`, output);
    return new OnnxHypernetwork(session, runtime, { tokenIds, length, padId, inputType, input, output });
  }

  async embed(tokens: Pick<TokensToEmbed, 'texts'>): Promise<FloatTensor> {
    checkTexts(tokens);
    const { texts } = tokens;
    const { length, input, output } = this.#options;
    const feeds = { [input]: this.#tensor(this.#surfaceForms(texts), [texts.length, length]) };
    const { type, data, dims } = (await this.#session.run(feeds))[output];
    const tensor = { type, data, dims } as FloatTensor;
    matrixOf(`the model's output ${output}`, tensor, { rows: texts.length });
    return tensor;
  }

  /** The ids of each text, cut or filled up to one length. */
  #surfaceForms(texts: readonly string[]): Int32Array {
    const { tokenIds, length, padId } = this.#options;
    const forms = new Int32Array(texts.length * length).fill(padId);
    texts.forEach((text, i) => {
      const ids = tokenIds(text);
      for (let at = 0; at < Math.min(ids.length, length); at++) forms[i * length + at] = ids[at];
    });
    return forms;
  }

  #tensor(ids: Int32Array, dims: readonly number[]): unknown {
    const { Tensor } = this.#runtime;
    return this.#options.inputType === 'int32'
      ? new Tensor('int32', ids, dims)
      : new Tensor('int64', BigInt64Array.from(ids, BigInt), dims);
  }
}

async function load(runtime: OnnxRuntime, model: string | Uint8Array): Promise<OnnxSession> {
  try {
    return await runtime.InferenceSession.create(model);
  } catch (error) {
    throw new MerganserError('MALFORMED_FILE', `Expected a model that onnxruntime loads: ${String((error as Error).message)}`, {
      cause: error,
    });
  }
}
