/** Tokenizers from one compiled file share their tables: what a load begins of them early is let go when they are there already. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describeEachBackend } from '../conformance/backends';

describeEachBackend('loads that are held', (backend) => {
  // The file itself, whose arrays are views of it, has about 6 MB on huge pages; its tables are another 6.
  (backend === 'native' ? test : test.skip)(
    'o200k grows by its file each time, and not by tables',
    () => {
      const grown = Number(execFileSync(process.execPath, ['--expose-gc', join(__dirname, 'held-loads.cjs')], { encoding: 'utf8' }));
      expect(grown).toBeLessThan(9);
    },
    60_000,
  );
});
