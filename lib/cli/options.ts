/** Options of commands: one description gives both the parsing and the help. */
import { parseArgs } from 'node:util';
import { MerganserError } from '../errors';

export interface OptionSpec {
  readonly short?: string;
  /** Name of the value in the help; options without one are switches. */
  readonly argument?: string;
  readonly help: string;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** Values of options by their names: text for those with an argument, undefined where they were not given. */
export type OptionValues<Specs extends OptionSpecs> = {
  readonly [Name in keyof Specs]: Specs[Name] extends { argument: string } ? string | undefined : boolean;
};

export interface ParsedArguments<Specs extends OptionSpecs> {
  readonly values: OptionValues<Specs>;
  readonly positionals: readonly string[];
}

/** The error for a command that was not called as its help says. */
export function usageError(message: string): MerganserError {
  return new MerganserError('INVALID_ARGUMENT', message);
}

/** Throws INVALID_ARGUMENT for unknown options, and for values that are missing or not wanted. */
export function parseOptions<Specs extends OptionSpecs>(args: readonly string[], specs: Specs): ParsedArguments<Specs> {
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, { short, argument }]) => {
      const type: 'boolean' | 'string' = argument === undefined ? 'boolean' : 'string';
      return [name, { type, ...(short === undefined ? {} : { short }) }];
    }),
  );
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const switches = Object.entries(specs).filter(([, { argument }]) => argument === undefined);
    const off = Object.fromEntries(switches.map(([name]) => [name, false]));
    return { values: { ...off, ...values } as OptionValues<Specs>, positionals };
  } catch (error) {
    const { code, message } = error as Error & { code?: unknown };
    if (!String(code).startsWith('ERR_PARSE_ARGS')) throw error;
    throw usageError(message);
  }
}

/** The value of an option that knows a few values. Throws INVALID_ARGUMENT. */
export function oneOf<Choice extends string>(name: string, value: string | undefined, choices: readonly Choice[]): Choice | undefined {
  if (value === undefined || choices.includes(value as Choice)) return value as Choice | undefined;
  throw usageError(`Expected --${name} to be ${choices.join(' or ')}, but got ${JSON.stringify(value)}.`);
}

/** Lines of help, one option each. */
export function describeOptions(specs: OptionSpecs): string[] {
  const names = Object.entries(specs).map(([name, { short, argument }]) => {
    const long = argument === undefined ? `--${name}` : `--${name} ${argument}`;
    return short === undefined ? `      ${long}` : `  -${short}, ${long}`;
  });
  const width = Math.max(...names.map((name) => name.length)) + 2;
  return Object.values(specs).map(({ help }, index) => names[index].padEnd(width) + help);
}
