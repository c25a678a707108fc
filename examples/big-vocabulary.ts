/** A vocabulary without merges: prompts by longest prefix, and the most likely next tokens without computing all logits. */
import { LongestPrefixEncoder, NextTokenIndex, Tokenizer } from 'merganser';

const WIDTH = 64;
const TEXT = 'Longest prefixes need nothing but the tokens themselves.';

async function main(): Promise<void> {
  // Any list of tokens will do; here it is that of a tokenizer.
  using tokenizer = await Tokenizer.forEncoding('o200k_base');
  using encoder = await LongestPrefixEncoder.create(tokenizer);
  const { ids, offsets } = encoder.encodeWithOffsets(TEXT);
  console.log(Array.from(ids, (_, i) => TEXT.slice(offsets[2 * i], offsets[2 * i + 1])).join('|'));
  console.log(
    `${ids.length} tokens by longest prefix, ${tokenizer.count(TEXT)} by merges; the vocabulary takes ${(encoder.memory / 1e6).toFixed(1)} MB`,
  );
  if (tokenizer.decode(ids) !== TEXT) throw new Error('Expected the tokens to spell the text.');

  // Stands for a model's output embeddings and a hidden vector of it.
  const count = 20_000;
  const data = Float32Array.from({ length: count * WIDTH }, (_, i) => Math.sin(i * i * 0.37));
  const hidden = data.slice(4711 * WIDTH, 4712 * WIDTH);
  using index = await NextTokenIndex.build({ data, dims: [count, WIDTH] });
  const { ids: next, logits } = index.nextTokens(hidden, 3, { probes: 32 });
  console.log('most likely:', Array.from(next, (id, i) => `${id} (${logits[i].toFixed(2)})`).join(', '));
  if (next[0] !== 4711) throw new Error(`Expected token 4711, but got ${next[0]}.`);
  const allowed = index.nextTokens(hidden, 3, { probes: 32, filter: (id) => id % 2 === 0 });
  console.log('of the even ones:', allowed.ids.join(', '));
}

void main();
