/**
 * Bundles lib into dist: index (ESM and CommonJS), pure and browser (no native code), the command, and the types.
 * Where a module `x.ts` has a neighbour `x.browser.ts`, builds without native code contain the neighbour.
 */
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, resolve } from 'node:path';
import { type BuildOptions, type Metafile, type Plugin, build } from 'esbuild';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import { packageRoot } from '../lib/package-root';

const root = packageRoot();
const dist = join(root, 'dist');

const browserNeighbours: Plugin = {
  name: 'browser-neighbours',
  setup(builder) {
    builder.onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
      const neighbour = `${resolve(resolveDir, path)}.browser.ts`;
      return existsSync(neighbour) ? { path: neighbour } : undefined;
    });
  },
};

const shared = {
  absWorkingDir: root,
  bundle: true,
  packages: 'external',
  target: 'es2022',
  outdir: 'dist',
  metafile: true,
  logLevel: 'warning',
} as const satisfies BuildOptions;
// Chunks lie beside the entries: the URLs of the encodings are relative to whichever file holds them.
const esm = { ...shared, format: 'esm', splitting: true, outExtension: { '.js': '.mjs' } } as const;
const cjs = { ...shared, format: 'cjs', platform: 'node', outExtension: { '.js': '.cjs' } } as const;

function assertNoNodeImports({ outputs }: Metafile): void {
  for (const [file, { imports }] of Object.entries(outputs)) {
    const found = imports.find(({ path, external }) => external && (path.startsWith('node:') || builtinModules.includes(path)));
    if (found !== undefined) throw new Error(`Expected ${file} to run in browsers, but it imports ${found.path}.`);
  }
}

async function bundle(): Promise<void> {
  const node: BuildOptions = { ...esm, platform: 'node', inject: ['scripts/esm-dirname.ts'] };
  await build({ ...node, entryPoints: { index: 'lib/index.ts' } });
  // With chunks of its own: a command loads what it needs and no more, and every start waits for that to be read.
  await build({ ...node, entryPoints: { cli: 'lib/cli/main.ts' }, chunkNames: 'cli-[hash]', minifyWhitespace: true, minifySyntax: true });
  await build({ ...cjs, entryPoints: { index: 'lib/index.ts' } });
  const withoutNative = { plugins: [browserNeighbours], entryPoints: { pure: 'lib/pure.ts' } };
  const { metafile } = await build({
    ...esm,
    ...withoutNative,
    platform: 'neutral',
    entryPoints: { pure: 'lib/pure.ts', browser: 'lib/browser.ts' },
  });
  assertNoNodeImports(metafile);
  // CommonJS runs in Node, which has no import.meta.url there.
  await build({
    ...cjs,
    ...withoutNative,
    define: { 'import.meta.url': 'moduleUrl' },
    banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  });
}

/** One file of declarations serves every entry: they differ in what they run on, not in what they export. */
async function bundleTypes(): Promise<void> {
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
    string,
    object | undefined
  >;
  const external = Object.keys({ ...dependencies, ...optionalDependencies });
  const types = await rollup({
    input: join(root, 'lib/index.ts'),
    external: [/^node:/, ...external],
    plugins: [dts({ tsconfig: join(root, 'tsconfig.build.json') })],
  });
  for (const file of ['index.d.mts', 'index.d.cts']) await types.write({ file: join(dist, file), format: 'es' });
  await types.close();
}

async function main(): Promise<void> {
  for (const name of existsSync(dist) ? readdirSync(dist) : []) if (name !== 'encodings') rmSync(join(dist, name), { recursive: true });
  await bundle();
  await bundleTypes();
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
