/** Count files: words of many texts, counted apart and added up. */
import { selectKernels } from '../backend/select';
import { Counting, noWords } from './counting';
import { resolveCounting } from './options';
import type { CountingOptions, TrainingInput } from './types';

/**
 * Counts the words of texts, or adds up count files, and writes them to a count file, as a whole or not at all. Training from count files (`{ counts }`)
 * gives the same tokenizer as training on all their texts. Node only. Throws as `trainBpe`, and NOT_FOUND if the file cannot be written.
 */
export async function countPretokens(input: TrainingInput, path: string, options: CountingOptions = {}): Promise<void> {
  const counting = await Counting.open(input, selectKernels(options.backend), resolveCounting(options), options);
  try {
    const bytes = await counting.count();
    if (bytes === 0 && !('counts' in input)) throw noWords();
    await counting.write(path);
  } finally {
    await counting.close();
  }
}
