/** `merganser inspect`: how a text is split, or what a tokenizer is made of. */
import type { Encoding } from '../index';
import { defineCommand, ExitCode } from './command';
import { describeFacts, tokenizerFacts } from './facts';
import { openInputs, readAll } from './input';
import { usageError } from './options';
import { type Terminal, write } from './terminal';
import { coloured, describeInline, describeTable, plain, type ShownToken, shownTokens } from './token-view';
import { chooseTokenizer, ENCODE_OPTIONS, encodeOptions, TOKENIZER_OPTIONS } from './tokenizer-options';

const OPTIONS = {
  ...TOKENIZER_OPTIONS,
  ...ENCODE_OPTIONS,
  file: { argument: 'FILE', help: 'take the text from a file (-: from standard input)' },
  'no-color': { help: 'no colours; they are also off with NO_COLOR and where output is no terminal' },
  json: { help: 'print JSON' },
} as const;

export const inspect = defineCommand({
  usage: 'merganser inspect [options] [TEXT …]',
  notes: ['Several TEXTs are joined by spaces; a TEXT of - is standard input.'],
  options: OPTIONS,
  async run({ values, positionals }, terminal) {
    const options = encodeOptions(values);
    const text = await textOf(values.file, positionals, terminal);
    const chosen = await chooseTokenizer(values, terminal.signal);
    using tokenizer = chosen.tokenizer;
    if (text === null) {
      const facts = tokenizerFacts(chosen);
      await write(terminal.stdout, values.json ? `${JSON.stringify(facts)}\n` : describeFacts(facts));
      return ExitCode.Done;
    }
    const encoding = tokenizer.encodeFull(text, options);
    const tokens = shownTokens(tokenizer, encoding);
    const bytes = typeof text === 'string' ? Buffer.byteLength(text) : text.length;
    await write(
      terminal.stdout,
      values.json ? describeAsJson(encoding, tokens, bytes) : describe(tokens, bytes, !values['no-color'] && hasColours(terminal)),
    );
    return ExitCode.Done;
  },
});

/** null if there is none. */
async function textOf(file: string | undefined, positionals: readonly string[], terminal: Terminal): Promise<string | Uint8Array | null> {
  if (file !== undefined && positionals.length > 0) throw usageError('Expected either a text or --file, but got both.');
  const name = file ?? (positionals.join(' ') === '-' ? '-' : undefined);
  if (name === undefined) return positionals.length === 0 ? null : positionals.join(' ');
  const [input] = await openInputs([name], terminal);
  return readAll(input);
}

/** As https://no-color.org has it: any value but the empty one turns colours off. */
function hasColours({ stdout, env }: Terminal): boolean {
  return stdout.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}

function describe(tokens: readonly ShownToken[], bytes: number, colours: boolean): string {
  const paint = colours ? coloured : plain;
  return `${describeInline(tokens, paint)}\n${describeTable(tokens, paint)}\n${summary(tokens.length, bytes)}\n`;
}

function summary(tokens: number, bytes: number): string {
  const ratio = tokens === 0 ? '' : `, ${(bytes / tokens).toFixed(2)} bytes per token`;
  return `${tokens} ${tokens === 1 ? 'token' : 'tokens'}, ${bytes} ${bytes === 1 ? 'byte' : 'bytes'}${ratio}`;
}

function describeAsJson(encoding: Encoding, tokens: readonly ShownToken[], bytes: number): string {
  const list = tokens.map(({ id, shown, offsets, kind }, index) => ({
    id,
    token: encoding.tokens[index],
    shown,
    offsets,
    byteOffsets: [encoding.byteOffsets[2 * index], encoding.byteOffsets[2 * index + 1]],
    kind,
  }));
  return `${JSON.stringify({ tokens: list, bytes })}\n`;
}
