/** The text samples of test/fixtures/texts. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(__dirname, '../fixtures/texts');

export interface TextSample {
  readonly name: string;
  readonly text: string;
}

export const TEXT_SAMPLES: readonly TextSample[] = readdirSync(folder)
  .filter((name) => name.endsWith('.txt'))
  .sort()
  .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
