/**
 * Packs the package and uses it as its users will: installed from the tarball into an empty folder, from ESM, CommonJS, merganser/pure,
 * TypeScript and a browser bundle; the command; and a build of the addon from the packed sources. Run after `npm run build`.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { packageRoot } from '../lib/package-root';

const root = packageRoot();
const folder = mkdtempSync(join(tmpdir(), 'merganser-package-'));
const binaries = join(root, 'node_modules', '.bin');

const LARGEST_TARBALL = 8_000_000;
const LARGEST_ENCODINGS = 4_000_000;

/** Runs a program in the folder of the installed package; its output goes where ours goes. */
function run(program: string, args: readonly string[], cwd = folder): void {
  console.log(`$ ${program.replace(`${root}/`, '')} ${args.join(' ')}`);
  const { status, error } = spawnSync(program, args, { cwd, stdio: ['ignore', 1, 2] });
  if (status !== 0) throw error ?? new Error(`Expected ${program} to succeed, but it exited with ${status}.`);
}

interface Packed {
  filename: string;
  size: number;
  unpackedSize: number;
  files: ReadonlyArray<{ path: string; size: number }>;
}

function pack(): string {
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: root, encoding: 'utf8' }),
  ) as [Packed];
  const paths = packed.files.map(({ path }) => path);
  console.log(`${packed.filename}: ${paths.length} files, ${packed.size} bytes packed, ${packed.unpackedSize} unpacked`);
  assert(packed.size <= LARGEST_TARBALL, `Expected at most ${LARGEST_TARBALL} packed bytes`);
  assert(!paths.includes('binding.gyp'), 'binding.gyp must not be published: npm would compile on every installation');
  for (const expected of ['LICENSE', 'README.md', 'native/merganser.gypi', 'native/sources.cjs', 'cuda/plugin.h', 'dist/cli.mjs']) {
    assert(paths.includes(expected), `Expected ${expected} to be published`);
  }
  const links = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path]) => path);
  for (const linked of links) assert(paths.includes(linked), `Expected ${linked}, which README.md links to, to be published`);
  assert(
    !paths.some((path) => path.startsWith('lib/') || path.startsWith('test/') || path.endsWith('.o')),
    'Expected no sources of tests or builds',
  );
  const encodings = packed.files.filter(({ path }) => path.startsWith('dist/encodings/'));
  assert.equal(encodings.length, 3);
  assert(
    encodings.reduce((sum, { size }) => sum + size, 0) <= LARGEST_ENCODINGS,
    `Expected at most ${LARGEST_ENCODINGS} bytes of encodings`,
  );
  return join(folder, packed.filename);
}

const CHECKS = `
async function check(merganser, backend) {
  const tokenizer = await merganser.Tokenizer.forEncoding('cl100k_base');
  const ids = tokenizer.encode('hello world');
  if (ids.join() !== '15339,1917') throw new Error('Expected 15339,1917, but got ' + ids.join());
  if (tokenizer.decode(ids) !== 'hello world') throw new Error('Expected hello world, but got ' + tokenizer.decode(ids));
  const info = merganser.backendInfo();
  if (info.backend !== backend) throw new Error('Expected backend ' + backend + ', but got ' + JSON.stringify(info));
}`;

function useFromJavaScript(backend: string): void {
  writeFileSync(join(folder, 'esm.mjs'), `import * as merganser from 'merganser';${CHECKS}\nawait check(merganser, '${backend}');\n`);
  writeFileSync(join(folder, 'cjs.cjs'), `const merganser = require('merganser');${CHECKS}\ncheck(merganser, '${backend}');\n`);
  for (const script of ['esm.mjs', 'cjs.cjs']) run('node', ['--unhandled-rejections=strict', script]);
}

function usePure(): void {
  writeFileSync(join(folder, 'pure.mjs'), `import * as merganser from 'merganser/pure';${CHECKS}\nawait check(merganser, 'js');\n`);
  writeFileSync(join(folder, 'pure.cjs'), `const merganser = require('merganser/pure');${CHECKS}\ncheck(merganser, 'js');\n`);
  for (const script of ['pure.mjs', 'pure.cjs']) run('node', ['--unhandled-rejections=strict', script]);
}

function useFromTypeScript(): void {
  const source = `import { Tokenizer, MerganserError } from 'merganser';
import { Tokenizer as Pure } from 'merganser/pure';
export async function ids(): Promise<Uint32Array> {
  const tokenizer: Tokenizer = await Tokenizer.forModel('gpt-4o');
  void Pure.forEncoding('gpt2');
  return tokenizer.encode('hello', { addSpecialTokens: false });
}
export const code = (error: MerganserError): string => error.code;
`;
  for (const extension of ['mts', 'cts']) writeFileSync(join(folder, `consumer.${extension}`), source);
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2023,dom,esnext.disposable'];
  run(join(binaries, 'tsc'), [...options, '--skipLibCheck', 'false', 'consumer.mts', 'consumer.cts']);
}

async function useFromBrowserBundle(): Promise<void> {
  writeFileSync(join(folder, 'page.mjs'), `import { Tokenizer } from 'merganser';\nglobalThis.tokenizer = Tokenizer;\n`);
  const { metafile } = await build({
    absWorkingDir: folder,
    entryPoints: ['page.mjs'],
    outfile: 'page.bundle.js',
    bundle: true,
    format: 'esm',
    platform: 'browser',
    metafile: true,
    logLevel: 'warning',
  });
  const inputs = Object.keys(metafile.inputs);
  assert(
    inputs.some((path) => path.endsWith('dist/browser.mjs')),
    'Expected bundlers for browsers to take dist/browser.mjs',
  );
}

function buildFromSource(): void {
  const installed = join(folder, 'node_modules', 'merganser');
  rmSync(join(installed, 'prebuilds'), { recursive: true, force: true });
  useFromJavaScript('js');
  run(join(folder, 'node_modules', '.bin', 'merganser'), ['build']);
  assert(!existsSync(join(installed, 'binding.gyp')), 'Expected the build to leave no binding.gyp behind');
  useFromJavaScript('native');
}

async function main(): Promise<void> {
  const tarball = pack();
  run(join(binaries, 'publint'), ['run', tarball, '--strict'], root);
  run(join(binaries, 'attw'), [tarball, '--profile', 'node16'], root);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  run('npm', ['install', '--no-audit', '--no-fund', '--silent', tarball]);
  const prebuilds = join(root, 'prebuilds', `${process.platform}-${process.arch}`);
  useFromJavaScript(existsSync(prebuilds) && readdirSync(prebuilds).length > 0 ? 'native' : 'js');
  usePure();
  useFromTypeScript();
  await useFromBrowserBundle();
  run(join(folder, 'node_modules', '.bin', 'merganser'), ['--help']);
  buildFromSource();
  console.log(`The package works from its tarball (${statSync(tarball).size} bytes).`);
}

main()
  .finally(() => rmSync(folder, { recursive: true, force: true }))
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
