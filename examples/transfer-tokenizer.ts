/**
 * A model gets a tokenizer of its own domain: embeddings for the new vocabulary, copied where both have a token and else made of its parts; and the new tokenizer as a Unigram
 * tokenizer, which hypernetworks for transfer expect. Needs the package highs.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import highs from 'highs';
import { type FloatTensor, Tokenizer, trainBpe, transferEmbeddings, unigramAgreement, unigramify } from 'merganser';

const BOOK = join(__dirname, 'texts', 'newton-opticks.txt');
const WIDTH = 8;

async function main(): Promise<void> {
  using old = await Tokenizer.forEncoding('gpt2');
  using trained = await trainBpe({ files: BOOK }, { vocabSize: 2000 });

  // Stands for a model's embeddings.
  const rows = old.vocabSize;
  const table: FloatTensor = {
    type: 'float32',
    data: Float32Array.from({ length: rows * WIDTH }, (_, i) => Math.sin(i)),
    dims: [rows, WIDTH],
  };
  const { embeddings, copied, made } = await transferEmbeddings(old, trained, [table]);
  console.log(`${embeddings[0].dims.join(' × ')} embeddings: ${copied} copied, ${made} made of old ones`);
  const [light, before] = [trained.tokenToId('ĠLight')!, old.tokenToId('ĠLight')!];
  if (embeddings[0].data[light * WIDTH] !== table.data[before * WIDTH]) throw new Error('Expected the row of " Light" to be copied.');

  const lines = readFileSync(BOOK, 'utf8').split(/(?<=\n)/u);
  const [seen, unseen] = [lines.filter((_, i) => i % 10 > 0), lines.filter((_, i) => i % 10 === 0)];
  const unigram = await unigramify(trained, seen, { solver: await highs(), pretokens: 1000 });
  const { weighted } = await unigramAgreement(trained, unigram.scores, unseen);
  console.log(`as a Unigram tokenizer it cuts ${(100 * weighted).toFixed(2)} % of the words of other lines alike`);
  if (weighted < 0.95) throw new Error('Expected nearly all words to be cut alike.');
}

void main();
