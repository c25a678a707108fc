/** tiktoken's rule (the concatenation with the lowest rank merges) on random ranks, against tiktoken. */
import fc from 'fast-check';
import { Tiktoken } from 'tiktoken';
import { createJsKernels } from '../../../lib/backend/js/kernels';
import { tiktokenBpeSpec } from '../../../lib/tokenizer/load/bpe-spec';
import { samples } from '../../conformance/fuzz';

const kernels = createJsKernels();

/** Tokens in an order that training would never give: long ones before their parts, parts that no merge makes. */
const vocabularies = fc
  .uniqueArray(fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'é'), minLength: 2, maxLength: 7 }), { maxLength: 60, size: 'max' })
  .chain((tokens) =>
    fc.shuffledSubarray([...tokens.map((token) => [...Buffer.from(token)]), ...Array.from({ length: 256 }, (_, byte) => [byte])], {
      minLength: tokens.length + 256,
    }),
  );

const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'é', ' '), minLength: 1, maxLength: 90, size: 'max' });

test('random ranks', () => {
  const texts = fc.sample(text, { numRuns: 60, seed: 1 });
  for (const tokens of samples(vocabularies, 60)) {
    const lines = tokens.map((bytes, rank) => `! ${rank} ${Buffer.from(bytes).toString('base64')}`);
    // The pieces are the words and the spaces.
    const oracle = new Tiktoken(lines.join('\n'), {}, ' |[^ ]+');
    const offsets = Uint32Array.from([0, ...tokens.map((_, i) => tokens.slice(0, i + 1).reduce((sum, token) => sum + token.length, 0))]);
    const bpe = kernels.createBpe(tiktokenBpeSpec({ tokenBytes: Uint8Array.from(tokens.flat()), tokenOffsets: offsets }), 1 << 20);
    for (const one of texts) {
      const pieces = one.match(/ |[^ ]+/g)!.map((piece) => Buffer.from(piece));
      const bounds = Uint32Array.from([0, ...pieces.map((_, i) => Buffer.concat(pieces.slice(0, i + 1)).length)]);
      const { ids } = kernels.encodePieces(bpe, Buffer.from(one), bounds);
      expect({ tokens, one, ids: Array.from(ids) }).toEqual({ tokens, one, ids: Array.from(oracle.encode_ordinary(one)) });
    }
    oracle.free();
  }
});
