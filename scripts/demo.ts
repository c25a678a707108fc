/**
 * npm run demo (on the bundles in dist, as users run them): loads tokenizers that travel with the package, encodes a book with every backend, decodes it, and shows the speed and how
 * text is split.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { type BackendInfo, Tokenizer, backendInfo } from 'merganser';

const BOOK = join(__dirname, '..', 'examples', 'texts', 'newton-opticks.txt');
const RUNS = 5;

const LINES = [
  'Light is never known to follow crooked Passages.',
  'for (const token of tokens) total += token.length; // 12345678',
  '光线从不沿着弯曲的路径行进。 प्रकाश सीधी रेखा में चलता है।',
];

function heading(text: string): void {
  console.log(`\n${styleText('bold', text)}`);
}

function describeBackend({ backend, instructionSet, nativeError }: BackendInfo): string {
  return backend === 'native' ? `native, ${instructionSet} kernels` : `TypeScript${nativeError === undefined ? '' : `: ${nativeError}`}`;
}

/** Megabytes a second: of the first call, and the median of the next ones. */
function encodingSpeed(tokenizer: Tokenizer, text: string, bytes: number): { first: number; next: number } {
  const seconds = Array.from({ length: RUNS }, () => {
    const start = performance.now();
    tokenizer.encode(text);
    return (performance.now() - start) / 1000;
  });
  const [first, ...next] = seconds.map((duration) => bytes / 1e6 / duration);
  return { first, next: next.sort((a, b) => a - b)[next.length >> 1] };
}

async function showSpeed(encoding: string, text: string, backends: ReadonlyArray<'native' | 'js'>): Promise<void> {
  const bytes = Buffer.byteLength(text);
  for (const backend of backends) {
    const start = performance.now();
    using tokenizer = await Tokenizer.forEncoding(encoding, { backend });
    tokenizer.encode('x'); // Some tables are made by the first call.
    const ready = performance.now() - start;
    const { first, next } = encodingSpeed(tokenizer, text, bytes);
    const ids = tokenizer.encode(text);
    if (tokenizer.decode(ids) !== text) throw new Error(`Expected the book back from ${encoding} (${backend}), but got something else.`);
    console.log(
      `  ${encoding.padEnd(12)} ${backend.padEnd(7)} ready in ${ready.toFixed(0).padStart(4)} ms   ` +
        `first pass ${first.toFixed(1).padStart(6)} MB/s, then ${next.toFixed(1).padStart(6)} MB/s   ` +
        `${ids.length.toLocaleString('en')} tokens, ${(bytes / ids.length).toFixed(2)} bytes each, decoded back ${styleText('green', '✓')}`,
    );
  }
}

/** Neighbouring tokens in different colours; a token that ends inside a character shows where the character is whole. */
function coloured(tokenizer: Tokenizer, text: string): string {
  const colours = ['bgBlue', 'bgMagenta', 'bgCyan'] as const;
  const stream = tokenizer.decodeStream();
  const pieces = Array.from(tokenizer.encode(text), (id) => stream.push(id)).filter((piece) => piece !== '');
  return pieces.map((piece, index) => styleText(colours[index % colours.length], piece)).join('');
}

async function showSplits(encodings: readonly string[]): Promise<void> {
  for (const line of LINES) {
    for (const encoding of encodings) {
      using tokenizer = await Tokenizer.forEncoding(encoding);
      console.log(`  ${encoding.padEnd(12)} ${String(tokenizer.count(line)).padStart(3)} tokens  ${coloured(tokenizer, line)}`);
    }
  }
}

async function showStatistics(encoding: string, text: string): Promise<void> {
  using tokenizer = await Tokenizer.forEncoding(encoding);
  const counts = new Map<number, number>();
  for (const id of tokenizer.encode(text)) counts.set(id, (counts.get(id) ?? 0) + 1);
  const frequent = [...counts].sort(([, a], [, b]) => b - a).slice(0, 8);
  const words = Array.from(counts.keys(), (id) => tokenizer.decode([id])).filter((word) => /^\s?\p{L}+$/u.test(word));
  const longest = words.sort((a, b) => b.length - a.length).slice(0, 5);
  console.log(`  different tokens used: ${counts.size.toLocaleString('en')} of ${tokenizer.vocabSize.toLocaleString('en')}`);
  console.log(`  most frequent:  ${frequent.map(([id, count]) => `${JSON.stringify(tokenizer.decode([id]))} ×${count}`).join('  ')}`);
  console.log(`  longest words:  ${longest.map((word) => JSON.stringify(word)).join('  ')}`);
  console.log(`  the first 100 tokens end here: …${JSON.stringify(tokenizer.truncate(text, 100).slice(-40))}`);
}

async function main(): Promise<void> {
  const info = backendInfo();
  const text = readFileSync(BOOK, 'utf8');
  heading(`merganser: ${describeBackend(info)}`);

  heading(`Newton's Opticks (1730), ${(Buffer.byteLength(text) / 1000).toFixed(0)} KB, on one thread`);
  for (const encoding of ['cl100k_base', 'gpt2']) await showSpeed(encoding, text, info.backend === 'native' ? ['native', 'js'] : ['js']);

  heading('The same line, split by two vocabularies');
  await showSplits(['o200k_base', 'gpt2']);

  heading('The book in tokens of o200k_base');
  await showStatistics('o200k_base', text);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
