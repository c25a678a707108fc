/**
 * Type-checks the TypeScript examples in README.md and docs/*.md. Names that an example takes for given (`prompt`, `documents`) may be unknown; everything that it takes
 * from merganser must exist with the options and results shown.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

const ROOT = join(__dirname, '..');
const CANNOT_FIND_NAME = [2304, 2552, 18004];

interface Example {
  readonly source: string;
  readonly line: number;
  readonly code: string;
}

function examplesOf(source: string): Example[] {
  const text = readFileSync(source, 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map((match) => ({
    source,
    line: text.slice(0, match.index).split('\n').length + 1,
    code: `${match[1]}\nexport {};\n`,
  }));
}

/** The compiler's options with the examples as files beside package.json, so that they find what the package finds. */
function checkedProgram(examples: ReadonlyMap<string, Example>): ts.Program {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as { config: object };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const loose = { ...options, noUnusedLocals: false, noUnusedParameters: false, noImplicitAny: false };
  const host = ts.createCompilerHost(loose);
  const fileExists = host.fileExists.bind(host);
  const getSourceFile = host.getSourceFile.bind(host);
  host.fileExists = (path) => examples.has(path) || fileExists(path);
  host.getSourceFile = (path, ...rest) => {
    const example = examples.get(path);
    return example === undefined ? getSourceFile(path, ...rest) : ts.createSourceFile(path, example.code, ts.ScriptTarget.ES2022, true);
  };
  return ts.createProgram([...examples.keys()], loose, host);
}

function errorsOf(program: ts.Program, path: string, { source, line }: Example): string[] {
  const file = program.getSourceFile(path);
  const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
  return found
    .filter(({ code }) => !CANNOT_FIND_NAME.includes(code))
    .map(({ start = 0, messageText }) => {
      const place = file?.getLineAndCharacterOfPosition(start).line ?? 0;
      return `${relative(ROOT, source)}:${line + place} ${ts.flattenDiagnosticMessageText(messageText, '\n  ')}`;
    });
}

const pages = ['README.md', ...readdirSync(join(ROOT, 'docs'))].filter((name) => name.endsWith('.md'));
const all = pages.flatMap((name) => examplesOf(join(ROOT, name === 'README.md' ? '' : 'docs', name)));
const examples = new Map(all.map((example, index) => [join(ROOT, `example-${index}.ts`), example]));
const program = checkedProgram(examples);
const errors = [...examples].flatMap(([path, example]) => errorsOf(program, path, example));
for (const error of errors) console.error(error);
console.log(`${examples.size} examples in ${pages.length} pages, ${errors.length} errors`);
process.exitCode = errors.length > 0 || examples.size === 0 ? 1 : 0;
