/** The parts of tokenizer.json that a kernel writes, as JSON.stringify writes them. */
import fc from 'fast-check';
import { selectKernels } from '../../lib/backend/select';
import { StringVocabulary } from '../../lib/tokenizer/vocabulary';
import { describeEachBackend } from './backends';

const TOKENS = ['a', '0', '12', '"', '\\', '\\"', '\b\t\n\f\r', '\u0000\u001f\u007f', 'Ġthe', '语', '😀', '\u2028', '__proto__'];
const token = fc.oneof(fc.constantFrom(...TOKENS), fc.string({ unit: 'binary', minLength: 1 }));
const INDENT = { false: '', true: '\n      ' };

/** With the indentation that the parts have in the whole file. */
function expectedJson(tokens: readonly string[], ids: readonly number[], merges: readonly number[], pretty: boolean): string[] {
  const quote = (id: number): string => JSON.stringify(tokens[id]);
  const list = (open: string, entries: readonly string[], close: string): string =>
    entries.length === 0
      ? open + close
      : open + entries.map((entry) => INDENT[`${pretty}`] + entry).join(',') + (pretty ? '\n    ' : '') + close;
  const pair = (left: number, right: number): string =>
    pretty ? `[\n        ${quote(left)},\n        ${quote(right)}\n      ]` : `[${quote(left)},${quote(right)}]`;
  const pairs = Array.from({ length: merges.length / 3 }, (_, i) => pair(merges[3 * i], merges[3 * i + 1]));
  return [
    list(
      '{',
      ids.map((id) => `${quote(id)}:${pretty ? ' ' : ''}${id}`),
      '}',
    ),
    list('[', pairs, ']'),
  ];
}

describeEachBackend('tokenJson', (backend) => {
  test('is what JSON.stringify gives for each token', () => {
    const run = fc.record({
      tokens: fc.array(token, { minLength: 1, maxLength: 20 }),
      picks: fc.array(fc.nat(), { maxLength: 30 }),
      pretty: fc.boolean(),
    });
    fc.assert(
      fc.property(run, ({ tokens, picks, pretty }) => {
        const ids = picks.map((pick) => pick % tokens.length);
        const merges = ids.slice(0, ids.length - (ids.length % 3));
        const table = new StringVocabulary(new Map(), tokens).utf8();
        const found = selectKernels(backend).tokenJson({ ...table, ids: Uint32Array.from(ids), merges: Uint32Array.from(merges), pretty });
        const texts = [found.vocabulary, found.merges].map((bytes) => Buffer.from(bytes).toString());
        expect(texts).toEqual(expectedJson(tokens, ids, merges, pretty));
      }),
      { numRuns: 200 },
    );
  });
});
