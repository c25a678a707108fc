/** lib/tokenizer/unicode/property-tables.ts: Unicode 16.0's properties as regular expressions name them. */

import { MAX_CODE_POINT } from '../../lib/tokenizer/unicode/code-point-set';
import { encodePartition, encodeRelativeSet, encodeSet, exportList, exportString, type NamedSet } from './table-writer';
import { propertyAliases, readSet, valueAliases, valuesOf } from './unicode-data';

/** Categories that are unions of others. */
const CATEGORY_GROUPS = new Set(['Cased_Letter', 'Letter', 'Mark', 'Number', 'Other', 'Punctuation', 'Separator', 'Symbol']);

/** Neither Oniguruma nor Rust's regex knows these, and nothing else here needs them. */
const OMITTED_BINARY_PROPERTIES = [
  'Any',
  'ASCII',
  'Assigned',
  'Changes_When_NFKC_Casefolded',
  'Composition_Exclusion',
  'Expands_On_NFC',
  'Expands_On_NFD',
  'Expands_On_NFKC',
  'Expands_On_NFKD',
  'Full_Composition_Exclusion',
  'InCB',
  'NFKC_Simple_Casefold',
];

/** Shorter tables come first, so that later ones can be written relative to them. */
export interface PropertySets {
  /** General categories and their groups under their long names. */
  readonly categories: NamedSet[];
  readonly binary: NamedSet[];
}

async function readAll(property: string, names: readonly string[]): Promise<NamedSet[]> {
  return Promise.all(names.map(async (name) => ({ name, set: await readSet(`${property}/${name}`) })));
}

export async function readPropertySets(): Promise<PropertySets> {
  const binary = valuesOf('Binary_Property').filter((name) => !OMITTED_BINARY_PROPERTIES.includes(name));
  return {
    categories: await readAll('General_Category', valuesOf('General_Category')),
    binary: await readAll('Binary_Property', binary),
  };
}

/** "Long_Name alias alias …". */
function withAliases(name: string, aliases: ReadonlyMap<string, string[]>): string {
  return [name, ...(aliases.get(name) ?? [])].join(' ');
}

function partitionValues(sets: readonly NamedSet[]): Uint16Array {
  const values = new Uint16Array(MAX_CODE_POINT + 1).fill(sets.length);
  sets.forEach(({ set }, value) => {
    for (const [start, end] of set) values.fill(value, start, end);
  });
  return values;
}

async function categorySource(categories: readonly NamedSet[]): Promise<string> {
  const aliases = await valueAliases('General_Category');
  const leaves = categories.filter(({ name }) => !CATEGORY_GROUPS.has(name));
  return [
    exportList('The general categories, each with its aliases; the position is the value in GENERAL_CATEGORY_RUNS.', 'GENERAL_CATEGORIES', [
      ...leaves.map(({ name }) => withAliases(name, aliases)),
    ]),
    exportString('Partition of all code points by general category.', 'GENERAL_CATEGORY_RUNS', encodePartition(partitionValues(leaves))),
  ].join('\n');
}

async function scriptSource(): Promise<string> {
  const aliases = await valueAliases('Script');
  const scripts = await readAll(
    'Script',
    valuesOf('Script').filter((name) => name !== 'Unknown'),
  );
  const extensions = await Promise.all(
    scripts.map(async ({ name, set }) => encodeSet((await readSet(`Script_Extensions/${name}`)).symmetricDifference(set))),
  );
  return [
    exportList(
      'The scripts, each with its aliases; the position is the value in SCRIPT_RUNS. One value more is Unknown.',
      'SCRIPTS',
      scripts.map(({ name }) => withAliases(name, aliases)),
    ),
    exportString('Partition of all code points by script.', 'SCRIPT_RUNS', encodePartition(partitionValues(scripts))),
    exportList(
      'Per script, what is either in the script or has it among its script extensions, but not both.',
      'SCRIPT_EXTENSIONS',
      extensions,
    ),
  ].join('\n');
}

async function binarySource(sets: PropertySets): Promise<string> {
  const aliases = await propertyAliases();
  const bases = [...sets.categories];
  const entries = sets.binary.map((property) => {
    const entry = `${withAliases(property.name, aliases)}|${encodeRelativeSet(property.set, bases)}`;
    bases.push(property);
    return entry;
  });
  return exportList(
    'Binary properties: names | category or earlier property that the set is written relative to : the symmetric difference from it.',
    'BINARY_PROPERTIES',
    entries,
  );
}

async function blockSource(): Promise<string> {
  const blocks = await readAll('Block', valuesOf('Block'));
  blocks.sort((a, b) => a.set.ranges[0] - b.set.ranges[0]);
  return [
    exportList(
      'The blocks; the position is the value in BLOCK_RUNS. One value more is No_Block.',
      'BLOCKS',
      blocks.map(({ name }) => name),
    ),
    exportString('Partition of all code points by block.', 'BLOCK_RUNS', encodePartition(partitionValues(blocks))),
  ].join('\n');
}

export async function propertyTables(sets: PropertySets): Promise<string> {
  return [await categorySource(sets.categories), await scriptSource(), await binarySource(sets), await blockSource()].join('\n');
}
