/** The command: which part of it a user named, and how errors end it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MerganserError } from '../errors';
import { packageRoot } from '../package-root';
import { type Command, ExitCode } from './command';
import { usageError } from './options';
import { type Terminal, write } from './terminal';

interface KnownCommand {
  readonly summary: string;
  /** What the others need is not waited for. */
  load(): Promise<Command>;
}

const COMMANDS: Readonly<Record<string, KnownCommand>> = {
  encode: { summary: 'text to ids', load: async () => (await import('./encode')).encode },
  decode: { summary: 'ids to text', load: async () => (await import('./decode')).decode },
  count: { summary: 'number of tokens of each file, and in all', load: async () => (await import('./count')).count },
  inspect: {
    summary: 'how a text is split; without a text, what a tokenizer is made of',
    load: async () => (await import('./inspect')).inspect,
  },
  train: { summary: 'train a BPE tokenizer', load: async () => (await import('./train')).train },
  extend: { summary: 'add tokens to a tokenizer, learned from text', load: async () => (await import('./extend')).extend },
  'count-pretokens': {
    summary: 'count words, on one of several machines, for training',
    load: async () => (await import('./count-pretokens')).countPretokensCommand,
  },
  build: { summary: 'compile the native addon from source', load: async () => (await import('./build-addon')).build },
};

/** Runs the command with its arguments, and returns the exit status. Errors are told in one line on standard error. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await dispatch(args, terminal);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EPIPE') return ExitCode.BrokenPipe;
    if (terminal.signal.aborted) return ExitCode.Failed;
    await write(terminal.stderr, describeError(error, terminal)).catch(() => undefined);
    return error instanceof MerganserError && error.code === 'INVALID_ARGUMENT' ? ExitCode.Usage : ExitCode.Failed;
  }
}

async function dispatch([name, ...args]: readonly string[], terminal: Terminal): Promise<ExitCode> {
  if (name === '--version') return print(`${version()}\n`, terminal);
  if (name === '--help' || name === '-h' || name === 'help') return print(help(), terminal);
  if (name === undefined) throw usageError('Expected a command; merganser --help lists them.');
  if (!Object.hasOwn(COMMANDS, name)) throw usageError(`There is no command ${JSON.stringify(name)}; merganser --help lists them.`);
  return (await COMMANDS[name].load()).run(args, terminal);
}

async function print(text: string, { stdout }: Terminal): Promise<ExitCode> {
  await write(stdout, text);
  return ExitCode.Done;
}

function help(): string {
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(17)}${summary}`);
  const more = ['merganser <command> --help tells its options, merganser --version the version.'];
  return ['Usage: merganser <command> [options]', '', ...lines, '', ...more, ''].join('\n');
}

function version(): string {
  return (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }).version;
}

function describeError(error: unknown, { env }: Terminal): string {
  if (env['MERGANSER_DEBUG'] && error instanceof Error) return `${error.stack}\n`;
  const code = error instanceof MerganserError ? error.code : 'INTERNAL';
  const message = (error instanceof Error ? error.message : String(error)).replace(/\s*[\r\n]+\s*/g, ' ');
  const hint = code === 'DISALLOWED_SPECIAL' ? ' (On the command line: --special none, all or names.)' : '';
  return `merganser: ${message}${hint} [${code}]\n`;
}
