/** PickyBPE: tokens that are only steps on the way to longer ones are taken back. How rare the rarest tokens are, with and without them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Tokenizer, trainBpe } from 'merganser';

const BOOK = join(__dirname, 'texts', 'newton-opticks.txt');
const RARE = 5;

/** How many tokens a text has fewer than `RARE` of. */
function rareTokens(tokenizer: Tokenizer, text: string): number {
  const counts = new Uint32Array(tokenizer.vocabSize);
  for (const id of tokenizer.encode(text)) counts[id]++;
  return counts.filter((count) => count < RARE).length;
}

async function main(): Promise<void> {
  const text = readFileSync(BOOK, 'utf8');
  using plain = await trainBpe({ files: BOOK }, { vocabSize: 4000 });
  console.log(`BPE: ${plain.count(text)} tokens, ${rareTokens(plain, text)} of the vocabulary stand fewer than ${RARE} times`);
  for (const threshold of [0.9, 0.7]) {
    using picky = await trainBpe({ files: BOOK }, { vocabSize: 4000, picky: { threshold } });
    const rare = rareTokens(picky, text);
    console.log(
      `PickyBPE ${threshold}: ${picky.count(text)} tokens, ${rare} stand fewer than ${RARE} times; ${picky.report.removals} removals`,
    );
    if (picky.decode(picky.encode(text)) !== text) throw new Error('the text is another one after encoding and decoding');
    if (rare >= rareTokens(plain, text)) throw new Error('there are not fewer rare tokens');
  }
}

void main();
