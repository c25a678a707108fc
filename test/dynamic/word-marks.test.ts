/** Tokenizers whose continuing tokens are marked (`##`, as in WordPiece), and those whose last ones are (`</w>`). */
import { DynamicTokenizer, Tokenizer } from '../../lib/index';
import { describeEachBackend } from '../conformance/backends';

const WORDS = ['playing', 'plays', 'replaying', 'unplayed', 'play'];
const TEXT = 'unplayed plays replaying, playing: replaying';

/** BPE in which every word of the test is a few tokens. */
function definition(continuing: string, end: string): object {
  const letters = [...new Set([...WORDS.join(''), ',', ':'])];
  const single = letters.flatMap((letter) => [letter, continuing + letter, letter + end, continuing + letter + end]);
  const merges = [
    ['p', `${continuing}l`],
    ['r', `${continuing}e`],
    [`${continuing}p`, `${continuing}l`],
    [`${continuing}a`, `${continuing}y`],
    ['u', `${continuing}n`],
  ];
  const joined = merges.map(([left, right]) => left + right.slice(continuing.length));
  const vocab = Object.fromEntries([...new Set(['[UNK]', ...single, ...joined])].map((token, id) => [token, id]));
  return {
    version: '1.0',
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: null,
    decoder: null,
    model: {
      type: 'BPE',
      vocab,
      merges,
      unk_token: '[UNK]',
      continuing_subword_prefix: continuing === '' ? null : continuing,
      end_of_word_suffix: end === '' ? null : end,
    },
  };
}

describeEachBackend('word marks', (backend) => {
  it.each([
    ['##', ''],
    ['', '</w>'],
  ])('keep words apart (continuing %p, end %p)', (continuing, end) => {
    using tokenizer = Tokenizer.fromJSON(definition(continuing, end), { backend });
    using dynamic = new DynamicTokenizer(tokenizer);
    const batch = dynamic.encodeBatchSync([TEXT], { alignment: true });
    expect(batch.base.values.length).toBeGreaterThan(20);
    const places = Array.from(batch.values, (_, i) => TEXT.slice(batch.textOffsets![2 * i], batch.textOffsets![2 * i + 1]));
    expect(places).toEqual(['unplayed', 'plays', 'replaying', ',', 'playing', ':', 'replaying']);
    expect(batch.values[2]).toBe(batch.values[6]);
    expect(Array.from(batch.wordIds!)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(batch.expand(batch.values)).toEqual(batch.base.values);
  });

  it('tell a word from its end', () => {
    using tokenizer = Tokenizer.fromJSON(definition('##', ''), { backend });
    using dynamic = new DynamicTokenizer(tokenizer);
    // `play` as a word, and as what ends another one.
    const { values } = dynamic.encodeBatchSync(['play replay'], { minCount: 2 });
    expect(Array.from(values, (id) => tokenizer.idToToken(id))).toEqual(['pl', '##ay', 're', '##pl', '##ay']);
  });
});
