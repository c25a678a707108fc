/** Training: a tokenizer for Newton's English, from the text to a saved file, and how much better it fits than a general one. */
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tokenizer, trainBpe } from 'merganser';

const BOOK = join(__dirname, 'texts', 'newton-opticks.txt');

async function main(): Promise<void> {
  using trained = await trainBpe(
    { files: BOOK },
    { vocabSize: 4000, specialTokens: ['<|endoftext|>'], onProgress: ({ phase, done, total }) => console.log(phase, done, 'of', total) },
  );
  console.log(trained.report);
  const path = join(tmpdir(), 'newton-tokenizer.json');
  await trained.save(path, { pretty: true });

  const text = readFileSync(BOOK, 'utf8');
  using general = await Tokenizer.forEncoding('gpt2');
  console.log(`${path}: ${trained.count(text)} tokens with ${trained.vocabSize} in the vocabulary`);
  console.log(`gpt2: ${general.count(text)} tokens with ${general.vocabSize} in the vocabulary`);
}

void main();
