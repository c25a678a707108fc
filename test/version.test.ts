import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { VERSION } from '../lib/version';

it('the version is that of package.json', () => {
  expect(VERSION).toBe((JSON.parse(readFileSync(join(__dirname, '../package.json'), 'utf8')) as { version: string }).version);
});
