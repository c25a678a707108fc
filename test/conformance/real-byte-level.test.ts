import { REAL_TOKENIZERS } from '../oracles/real-tokenizers';
import { describeRealTokenizer } from './real-tokenizer-suite';

REAL_TOKENIZERS.filter((tokenizer) => tokenizer.kind === 'byteLevel').forEach(describeRealTokenizer);
