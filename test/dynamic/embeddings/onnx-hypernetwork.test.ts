/**
 * A hypernetwork through onnxruntime-node, on a model that is made here.
 *
 * @jest-environment ./test/dynamic/embeddings/onnxruntime-environment.cjs
 */
import * as onnxruntime from 'onnxruntime-node';
import { OnnxHypernetwork, type OnnxRuntime } from '../../../lib/index';
import { meanModel } from './onnx-model';

const TABLE = [
  [1, 0, 0],
  [0, 2, 0],
  [0, 0, 4],
  [1, 1, 1],
];
const TOKENS = { texts: ['abc', 'ddabd'] };

describe('OnnxHypernetwork', () => {
  const runtime = onnxruntime as unknown as OnnxRuntime;
  const model = meanModel(TABLE);
  const tokenIds = (text: string): number[] => Array.from(text, (character) => Math.max(0, 'abd'.indexOf(character)) + 1);

  it('runs a model', async () => {
    const network = await OnnxHypernetwork.create(runtime, model, { tokenIds, length: 4 });
    const { data, dims } = await network.embed(TOKENS);
    // 'abc' is read as 1 2 1 and filled up with a 0, 'ddabd' as 3 3 1 2 and cut.
    const expected = [
      [1, 2, 1, 0],
      [3, 3, 1, 2],
    ].flatMap((ids) => [0, 1, 2].map((at) => ids.reduce((sum, id) => sum + TABLE[id][at], 0) / 4));
    expect(dims).toEqual([2, 3]);
    expect(Array.from(data)).toEqual(expected);
  });

  it('refuses what is no model, and names that it does not have', async () => {
    await expect(OnnxHypernetwork.create(runtime, Uint8Array.of(1, 2, 3), { tokenIds })).rejects.toMatchObject({ code: 'MALFORMED_FILE' });
    await expect(OnnxHypernetwork.create(runtime, model, { tokenIds, output: 'x' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(OnnxHypernetwork.create({} as OnnxRuntime, model, { tokenIds })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
