import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { defineCommand, ExitCode } from './command';
import { MerganserError } from '../errors';
import { packageRoot } from '../package-root';

/** Used where no node-gyp is installed beside the package. */
const NODE_GYP_VERSION = '12.4.0';

/**
 * Compiles the native addon from the sources in the package, into its `build` folder, where it comes before prebuilt binaries. Needs a C++20
 * compiler, make and Python. The compiler's output goes to standard error. Throws BACKEND_UNAVAILABLE if it fails.
 */
export function buildAddon(): void {
  const root = packageRoot();
  const gypFile = join(root, 'binding.gyp');
  // Not among the published files: npm would compile the package on every installation if it were.
  const temporary = !existsSync(gypFile);
  if (temporary) writeFileSync(gypFile, "{ 'includes': ['native/merganser.gypi'] }\n");
  try {
    const [program, ...args] = nodeGyp(root);
    const { status, error } = spawnSync(program, [...args, 'configure', 'build', '--jobs=max', '--loglevel=warn'], {
      cwd: root,
      env: { ...process.env, ...localHeaders() },
      stdio: ['ignore', 2, 2],
      shell: process.platform === 'win32',
    });
    if (error !== undefined) throw failed(error.message, error);
    if (status !== 0) throw failed('node-gyp failed; its messages stand above');
  } finally {
    if (temporary) rmSync(gypFile);
  }
}

function failed(reason: string, cause?: Error): MerganserError {
  return new MerganserError('BACKEND_UNAVAILABLE', `The native addon could not be built: ${reason}.`, { cause });
}

function nodeGyp(root: string): string[] {
  try {
    return [process.execPath, createRequire(join(root, 'package.json')).resolve('node-gyp/bin/node-gyp.js')];
  } catch {
    return ['npx', '--yes', `node-gyp@${NODE_GYP_VERSION}`];
  }
}

/** Node's headers as they lie beside its binary in most installations, so that node-gyp need not download them. */
function localHeaders(): { npm_config_nodedir?: string } {
  const folder = dirname(dirname(process.execPath));
  const versionFile = join(folder, 'include', 'node', 'node_version.h');
  if (process.env['npm_config_nodedir'] !== undefined || !existsSync(versionFile)) return {};
  const header = readFileSync(versionFile, 'utf8');
  const version = ['MAJOR', 'MINOR', 'PATCH'].map((part) => new RegExp(`#define NODE_${part}_VERSION (\\d+)`).exec(header)?.[1]).join('.');
  return version === process.versions.node ? { npm_config_nodedir: folder } : {};
}

export const build = defineCommand({
  usage: 'merganser build',
  options: {},
  async run() {
    buildAddon();
    return ExitCode.Done;
  },
});
