/** Dynamic tokenization: a batch makes tokens of its own out of what it repeats, and sequences get shorter. */
import { DynamicTokenizer, Tokenizer } from 'merganser';

const TEXTS = [
  'Ribonucleoprotein particles regulate mRNA stability.',
  'mRNA stability is modulated by ribonucleoprotein factors.',
  'Ribonucleoproteins bind mRNA, and mRNA decays.',
];

async function main(): Promise<void> {
  using tokenizer = await Tokenizer.forEncoding('gpt2');
  using dynamic = new DynamicTokenizer(tokenizer, { boundary: 'pretokens' });

  const batch = await dynamic.encodeBatch(TEXTS, { merges: 10, alignment: true });
  console.log(`${batch.base.values.length} tokens became ${batch.values.length}: ${batch.lengths().join(', ')}`);
  TEXTS.forEach((text, i) => {
    const parts: string[] = [];
    for (let token = batch.offsets[i]; token < batch.offsets[i + 1]; token++) {
      parts.push(text.slice(batch.textOffsets![2 * token], batch.textOffsets![2 * token + 1]));
    }
    console.log(parts.join('|'));
  });

  const [made] = batch.values.filter((id) => id >= batch.newTokens.firstId);
  console.log(`token ${made} is ${JSON.stringify(batch.tokenText(made))}, made of`, Array.from(batch.expand([made])));

  const half = await dynamic.encodeBatch(TEXTS, { reduction: 50 });
  console.log(`half of the way to words took ${half.merges.length / 4} merges`);
}

void main();
