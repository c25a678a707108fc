/** Pieces that the model makes nothing of, as it knows neither their characters nor an unknown token: of all lengths, again and again, beside others of the same length. */
import { Tokenizer } from '../../lib/index';
import { HuggingFaceOracle } from '../oracles/hugging-face';
import { definitionOf } from '../tokenizer/character-tokenizer';
import { describeEachBackend } from './backends';

const MODEL = { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: [['a', 'b']] };
const JSON_TEXT = JSON.stringify({ ...definitionOf({ preTokenizer: { type: 'WhitespaceSplit' } }), model: MODEL });
const LENGTHS = Array.from({ length: 40 }, (_, i) => i + 1);
const TEXT = LENGTHS.flatMap((length) => ['z'.repeat(length), `${'z'.repeat(length - 1)}a`, 'y'.repeat(length)]).join(' ');

describeEachBackend('pieces without ids', (backend) => {
  test('as Hugging Face, three times', async () => {
    const [theirs] = await HuggingFaceOracle.fromJson(JSON_TEXT).encodeBatchIds([TEXT]);
    const tokenizer = Tokenizer.fromJSON(JSON_TEXT, { backend });
    for (let run = 0; run < 3; run++) expect([...tokenizer.encode(TEXT)]).toEqual([...theirs]);
    expect(theirs.length).toBe(LENGTHS.length);
    tokenizer.dispose();
  });
});
