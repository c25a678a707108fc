#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MerganserError } from '../errors';
import { packageRoot } from '../package-root';
import { buildAddon } from './build-addon';

interface Command {
  readonly summary: string;
  run(args: readonly string[]): void | Promise<void>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  build: { summary: 'compile the native addon from source', run: () => buildAddon() },
};

function help(): string {
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`);
  return ['Usage: merganser <command> [options]', '', ...lines, '', 'merganser --version tells the version.'].join('\n');
}

function version(): string {
  return (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }).version;
}

async function main([name, ...args]: readonly string[]): Promise<void> {
  if (name === undefined || name === '--help' || name === 'help') return console.log(help());
  if (name === '--version') return console.log(version());
  if (!Object.hasOwn(COMMANDS, name))
    throw new MerganserError('INVALID_ARGUMENT', `There is no command ${JSON.stringify(name)}.\n\n${help()}`);
  await COMMANDS[name].run(args);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof MerganserError ? `merganser: ${error.message}` : error);
  process.exitCode = 1;
});
