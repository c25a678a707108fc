import { describeOptions, type OptionSpecs, type ParsedArguments, parseOptions } from './options';
import { type Terminal, write } from './terminal';

/** Exit codes; docs/cli.md explains them. */
export enum ExitCode {
  Done = 0,
  /** The command was not called as its help says, or a limit was passed. */
  Usage = 1,
  /** The input or the tokenizer cannot be used. */
  Failed = 2,
  /** Whoever read the output went away: 128 + SIGPIPE. */
  BrokenPipe = 141,
}

/** A command as the user names it. */
export interface Command {
  run(args: readonly string[], terminal: Terminal): Promise<ExitCode>;
}

interface CommandDefinition<Specs extends OptionSpecs> {
  /** Lines of usage, without `Usage:`. */
  readonly usage: string;
  /** What the help says beside the options. */
  readonly notes?: readonly string[];
  readonly options: Specs;
  run(args: ParsedArguments<Specs>, terminal: Terminal): Promise<ExitCode>;
}

const HELP = { help: { short: 'h', help: 'show this help' } } as const;

/** A command with parsed options and `--help`. */
export function defineCommand<Specs extends OptionSpecs>(definition: CommandDefinition<Specs>): Command {
  const specs: OptionSpecs = { ...definition.options, ...HELP };
  const help = [
    `Usage: ${definition.usage}`,
    '',
    ...(definition.notes === undefined ? [] : [...definition.notes, '']),
    ...describeOptions(specs),
    '',
  ].join('\n');
  return {
    async run(args, terminal) {
      const parsed = parseOptions(args, specs);
      if (parsed.values['help'] !== true) return definition.run(parsed as unknown as ParsedArguments<Specs>, terminal);
      await write(terminal.stdout, help);
      return ExitCode.Done;
    },
  };
}
