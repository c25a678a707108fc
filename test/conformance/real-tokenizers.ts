/** Tokenizers from real files, on every backend, against Hugging Face's library. */
import { Tokenizer } from '../../lib/index';
import { HuggingFaceOracle } from '../oracles/hugging-face';
import { realTokenizerPath } from '../oracles/real-tokenizers';
import { BACKENDS } from './backends';
import { expectSame, memoized } from './compare';

/** `prepare`: a text that makes the native backend do at once what it does only when enough text has come. */
export function describeRealTokenizers(names: readonly string[], texts: () => readonly string[], prepare?: string): void {
  describe.each(names)('%s', (name) => {
    let oracleIds: (some: readonly string[]) => Promise<number[][]>;
    beforeAll(() => {
      const oracle = HuggingFaceOracle.fromFile(realTokenizerPath(name));
      oracleIds = memoized((some: readonly string[]) => oracle.encodeBatchIds(some));
    });

    test.each(BACKENDS)('%s', async (backend) => {
      const tokenizer = await Tokenizer.fromFile(realTokenizerPath(name), { backend });
      if (backend === 'native' && prepare !== undefined) tokenizer.count(prepare);
      await expectSame(texts(), { ours: (some) => tokenizer.encode(some), theirs: oracleIds });
      tokenizer.dispose();
    });
  });
}
