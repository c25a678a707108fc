/** Trains, and is killed once a checkpoint of its merges is written: CHECKPOINT FILE … */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { trainBpe } from '../../lib/index';

const [folder, ...files] = process.argv.slice(2);
const onProgress = (): void => {
  if (existsSync(join(folder, 'merges'))) process.kill(process.pid, 'SIGKILL');
};
void trainBpe({ files }, { vocabSize: 4000, backend: 'js', checkpoint: { folder, everySeconds: 0 }, onProgress });
