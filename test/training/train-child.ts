/** Trains, in a process that can be killed: CHECKPOINT FILE … */
import { trainBpe } from '../../lib/index';

const [folder, ...files] = process.argv.slice(2);
void trainBpe({ files }, { vocabSize: 4000, backend: 'js', checkpoint: { folder, everySeconds: 0 } });
