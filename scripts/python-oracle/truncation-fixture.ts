/**
 * Writes test/fixtures/truncation.json: how Python `tokenizers` (requirements.txt names the release) truncates, and pads what is left.
 *
 *   npx tsx scripts/python-oracle/truncation-fixture.ts
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { definition, PADDINGS, PAIRS, POST_PROCESSORS, TEXTS, TRUNCATIONS } from '../../test/conformance/post-processors';
import { PythonOracle } from './python-oracle';

/** A few of the thousands of combinations: every so many. */
const ONE_IN = 79;

async function main(): Promise<void> {
  const oracle = PythonOracle.start();
  const folder = mkdtempSync(join(tmpdir(), 'merganser-fixture-'));
  const cases: string[] = [];
  for (const [name, postProcessor] of POST_PROCESSORS) {
    const path = join(folder, 'tokenizer.json');
    writeFileSync(path, JSON.stringify(definition(postProcessor)));
    await oracle.ask({ op: 'load', name, kind: 'huggingface', path });
    const combinations = TRUNCATIONS.flatMap((truncation) => TEXTS.flatMap((text) => PAIRS.map((pair) => ({ truncation, text, pair }))));
    for (const [i, { truncation, text, pair }] of combinations.entries()) {
      if (i % ONE_IN !== 0) continue;
      const padding = i % 3 === 0 ? PADDINGS[i % PADDINGS.length] : undefined;
      const options = { truncation, ...(pair === undefined ? {} : { pair }), ...(padding === undefined ? {} : { padding }) };
      const request = { op: 'full', name, texts: [text], ...(pair === undefined ? {} : { pairs: [pair] }), truncation, padding };
      const [expected] = await oracle.ask<unknown[]>(request).catch(() => [undefined]);
      if (expected === undefined) continue; // impossible to truncate so: other tests
      cases.push(JSON.stringify({ processor: name, text, options, expected }));
    }
  }
  const versions = await oracle.ask<{ tokenizers: string }>({ op: 'versions' });
  oracle.stop();
  rmSync(folder, { recursive: true });
  const head = JSON.stringify({ oracle: `tokenizers ${versions.tokenizers} (Python)` }).slice(1, -1);
  writeFileSync('test/fixtures/truncation.json', `{${head},"cases":[\n${cases.join(',\n')}\n]}\n`);
}

void main();
