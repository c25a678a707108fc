/** Count files: words of many texts, counted apart and added up. */
import { selectKernels } from '../backend/select';
import { Counting, noWords, resumableIn } from './counting';
import { resolveCounting } from './options';
import type { CountingOptions, TrainingInput } from './types';

export interface CountPretokensOptions extends CountingOptions {
  /**
   * Keep what was counted in a folder beside the count file (its name with `.parts`) until that is written, and carry on from there if an earlier call was
   * interrupted. For files only, which must be the same as then. Default: false.
   */
  resume?: boolean;
}

/**
 * Counts the words of texts, or adds up count files, and writes them to a count file, as a whole or not at all. Training from count files (`{ counts }`)
 * gives the same tokenizer as training on all their texts. Node only. Throws as `trainBpe`, and NOT_FOUND if the file cannot be written.
 */
export async function countPretokens(input: TrainingInput, path: string, options: CountPretokensOptions = {}): Promise<void> {
  const counting = await Counting.open(input, selectKernels(options.backend), resolveCounting(options), options);
  try {
    const bytes = await counting.count(options.resume === true ? resumableIn(`${path}.parts`) : null);
    if (bytes === 0 && !('counts' in input) && options.resume !== true) throw noWords();
    await counting.write(path);
  } finally {
    await counting.close();
  }
}
