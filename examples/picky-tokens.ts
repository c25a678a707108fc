/** PickyBPE: tokens that are only steps on the way to longer ones are taken back, and others come in their places. Which, and how many tokens a book has then. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Tokenizer, trainBpe } from 'merganser';

const BOOK = join(__dirname, 'texts', 'newton-opticks.txt');
const SHOWN = 12;

/** The tokens that only one of two tokenizers has. */
function onlyIn(tokenizer: Tokenizer, other: Tokenizer): string[] {
  return [...tokenizer.getVocab().keys()].filter((token) => other.tokenToId(token) === undefined);
}

async function main(): Promise<void> {
  const text = readFileSync(BOOK, 'utf8');
  using plain = await trainBpe({ files: BOOK }, { vocabSize: 4000 });
  console.log(`BPE: ${plain.count(text)} tokens`);
  for (const threshold of [0.9, 0.7]) {
    using picky = await trainBpe({ files: BOOK }, { vocabSize: 4000, picky: { threshold } });
    console.log(`PickyBPE, threshold ${threshold}: ${picky.count(text)} tokens, ${picky.report.removals} removals`);
    console.log('  no tokens any more:', onlyIn(plain, picky).slice(0, SHOWN).join(' '));
    console.log('  in their places:   ', onlyIn(picky, plain).slice(0, SHOWN).join(' '));
    if (picky.vocabSize !== plain.vocabSize) throw new Error('the vocabulary has another size');
    if (picky.decode(picky.encode(text)) !== text) throw new Error('the text is another one after encoding and decoding');
  }
}

void main();
