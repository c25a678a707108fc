/**
 * Models without a pre-tokenizer, whose short pieces the native backend looks up together: Gemma 3, which is slower to load, is in first-characters.test.ts.
 */
import { Tokenizer } from '../../lib/index';
import { HuggingFaceOracle } from '../oracles/hugging-face';
import { realTokenizerPath } from '../oracles/real-tokenizers';
import { BACKENDS } from './backends';
import { codeLike } from './code-like';
import { expectSame } from './compare';
import { samples } from './fuzz';

describe('llama2', () => {
  test.each(BACKENDS)('%s', async (backend) => {
    const oracle = HuggingFaceOracle.fromFile(realTokenizerPath('llama2'));
    const tokenizer = await Tokenizer.fromFile(realTokenizerPath('llama2'), { backend });
    await expectSame(samples(codeLike, 100), { ours: (some) => tokenizer.encode(some), theirs: (some) => oracle.encodeBatchIds(some) });
    tokenizer.dispose();
  });
});
