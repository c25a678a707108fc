/** Unicode's properties and their names, from the packages that package.json beside this file names. */

import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CodePointSet } from '../../lib/tokenizer/unicode/code-point-set';

const require = createRequire(import.meta.url);

/** Oniguruma and Rust's regex have the properties of 16, unicode-segmentation those of 17. */
export type UnicodeVersion = '16.0.0' | '17.0.0';

function root(version: UnicodeVersion): string {
  return dirname(require.resolve(`@unicode/unicode-${version}/package.json`));
}

interface DataRange {
  readonly begin: number;
  readonly end: number;
}

async function importDefault<T>(path: string): Promise<T> {
  return ((await import(pathToFileURL(path).href)) as { default: T }).default;
}

/** The values of a property that has any, e.g. every script for 'Script'. */
export function valuesOf(property: string, version: UnicodeVersion = '16.0.0'): string[] {
  return readdirSync(join(root(version), property), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

/** The code points of e.g. 'General_Category/Letter'. */
export async function readSet(path: string, version: UnicodeVersion = '16.0.0'): Promise<CodePointSet> {
  const ranges = await importDefault<DataRange[]>(join(root(version), path, 'ranges.mjs'));
  return CodePointSet.of(...ranges.map(({ begin, end }) => [begin, end] as const));
}

/** A property that maps code points to values, e.g. 'Case_Folding/F'. */
export async function readMap<V>(path: string): Promise<Map<number, V>> {
  return importDefault<Map<number, V>>(join(root('16.0.0'), path, 'code-points.mjs'));
}

async function readAliases(packageName: string): Promise<Map<string, unknown>> {
  return importDefault<Map<string, unknown>>(require.resolve(packageName));
}

function invert(aliases: ReadonlyMap<string, string>): Map<string, string[]> {
  const inverted = new Map<string, string[]>();
  for (const [alias, name] of aliases) {
    if (alias !== name) inverted.set(name, [...(inverted.get(name) ?? []), alias]);
  }
  return inverted;
}

/** Other names of properties, e.g. Alphabetic → [Alpha]. */
export async function propertyAliases(): Promise<Map<string, string[]>> {
  return invert((await readAliases('unicode-property-aliases')) as Map<string, string>);
}

/** Other names of a property's values, e.g. for 'Script': Han → [Hani]. */
export async function valueAliases(property: string): Promise<Map<string, string[]>> {
  return invert((await readAliases('unicode-property-value-aliases')).get(property) as Map<string, string>);
}
