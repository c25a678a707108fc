/**
 * How much of a text a Unigram tokenizer made by `unigramify` cuts as GPT-2's does: of the words that it was made of, and of a text that it has not seen, against the
 * number of words that the linear program is made of. Needs the package highs.
 *
 *   npm run bench:unigramify -- [--corpus FOLDER] [--text english] [--megabytes 28] [--held-out 4] [--pretokens 10000,20000]
 */
import { parseArgs } from 'node:util';
import highs from 'highs';
import { Tokenizer, unigramAgreement, unigramify } from '../lib/index';
import { readCorpora } from './corpora';
import { machine } from './measure';

const { values: options } = parseArgs({
  options: {
    corpus: { type: 'string', default: process.env['MERGANSER_CORPUS'] },
    text: { type: 'string', default: 'english' },
    megabytes: { type: 'string', default: '28' },
    'held-out': { type: 'string', default: '4' },
    pretokens: { type: 'string', default: '10000,20000' },
  },
});

const PIECE = 100_000;

function pieces(text: string): string[] {
  return Array.from({ length: Math.ceil(text.length / PIECE) }, (_, i) => text.slice(i * PIECE, (i + 1) * PIECE));
}

function percent(part: number): string {
  return `${(100 * part).toFixed(2)} %`;
}

async function main(): Promise<void> {
  if (options.corpus === undefined)
    throw new Error('Name a folder with --corpus or MERGANSER_CORPUS. bench/corpus.md says how to make one.');
  const [seen, unseen] = [Number(options.megabytes) * 1e6, Number(options['held-out']) * 1e6];
  const [corpus] = readCorpora(options.corpus, seen + unseen, [options.text]);
  if (corpus === undefined) throw new Error(`There is no ${options.text}.txt in ${options.corpus}.`);
  // Characters of a corpus in English are about its bytes.
  const cut = Math.floor((corpus.text.length * seen) / (seen + unseen));
  const [known, other] = [pieces(corpus.text.slice(0, cut)), pieces(corpus.text.slice(cut))];
  const tokenizer = await Tokenizer.forEncoding('gpt2');
  console.log(`${machine()}; ${options.text}, ${corpus.text.length} characters\n`);
  console.log('| pretokens | own words | other text | its different words | processor s |\n|---:|---:|---:|---:|---:|');
  for (const pretokens of options.pretokens.split(',').map(Number)) {
    const start = process.cpuUsage();
    const { scores, agreement } = await unigramify(tokenizer, known, { solver: await highs(), pretokens });
    const seconds = process.cpuUsage(start).user / 1e6;
    const { weighted, distinct } = await unigramAgreement(tokenizer, scores, other);
    console.log(`| ${pretokens} | ${percent(agreement.weighted)} | ${percent(weighted)} | ${percent(distinct)} | ${seconds.toFixed(0)} |`);
  }
}

void main();
