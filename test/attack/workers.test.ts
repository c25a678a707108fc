/** Worker threads: many at once, ended in the middle of their work, with the ids of the main thread. */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Tokenizer } from '../../lib/index';
import { realTokenizerPath } from '../oracles/real-tokenizers';
import { describeEachBackend } from '../conformance/backends';
import { TEXT_SAMPLES } from '../conformance/texts';

/** Loads a tokenizer and encodes texts; with `forever` it goes on until it is ended. */
function start(backend: string, forever: boolean): Worker {
  return new Worker(join(__dirname, 'worker.cjs'), {
    workerData: { path: realTokenizerPath('gpt2'), backend, texts: TEXT_SAMPLES.map((sample) => sample.text), forever },
  });
}

function message(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

describeEachBackend('workers', (backend) => {
  test('several at once give the ids of the main thread', async () => {
    const tokenizer = await Tokenizer.fromFile(realTokenizerPath('gpt2'), { backend });
    const expected = TEXT_SAMPLES.map((sample) => Array.from(tokenizer.encode(sample.text)));
    const workers = Array.from({ length: 3 }, () => start(backend, false));
    for (const result of await Promise.all(workers.map(message))) expect(result).toEqual({ sync: expected, async: expected });
    await Promise.all(workers.map((worker) => worker.terminate()));
    tokenizer.dispose();
  });

  test('ended in the middle of asynchronous work, the process lives and works', async () => {
    const tokenizer = await Tokenizer.fromFile(realTokenizerPath('gpt2'), { backend });
    for (let round = 0; round < 3; round++) {
      const workers = [start(backend, true), start(backend, true)];
      await Promise.all(workers.map(message));
      await Promise.all(workers.map((worker) => worker.terminate()));
      expect(tokenizer.decode(await tokenizer.encodeAsync('still here'))).toBe('still here');
    }
    tokenizer.dispose();
  });
});
