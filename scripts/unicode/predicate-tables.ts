/** lib/tokenizer/unicode/predicate-tables.ts: what Hugging Face's parts take for digits, punctuation, control characters, accents, scripts … */

import { type CodePointSet, MAX_CODE_POINT } from '../../lib/tokenizer/unicode/code-point-set';
import { changedBy, isolatedBy, keysWhere, preTokenizer, removedBy, scalarValues } from './oracle';
import { encodeMapping, encodePartition, encodeRelativeSet, exportString, type NamedSet } from './table-writer';

const vanished = (sequence: readonly number[]): boolean => sequence.length === 0;

function bertNormalizer(options: object): object {
  return { type: 'BertNormalizer', clean_text: false, handle_chinese_chars: false, strip_accents: false, lowercase: false, ...options };
}

function checkWhitespace(properties: readonly NamedSet[]): void {
  const expected = properties.find(({ name }) => name === 'White_Space')!.set;
  if (!removedBy({ type: 'WhitespaceSplit' }).equals(expected)) throw new Error('WhitespaceSplit no longer splits at White_Space');
}

/**
 * The script of each code point as the UnicodeScripts pre-tokenizer sees it. Scripts have no names here: two characters are of one script
 * if the pre-tokenizer does not part them. 0 is the script that goes with every other.
 */
function scriptNumbers(): Uint16Array {
  const split = preTokenizer({ type: 'UnicodeScripts' });
  const parted = (left: number, right: number): boolean => split(String.fromCodePoint(left, right)).length > 1;
  const numbers = new Uint16Array(MAX_CODE_POINT + 1);
  const representatives: number[] = [];
  let previous = -1;
  for (const cp of scalarValues()) {
    const neutral = !parted(0x61, cp) && !parted(0x416, cp);
    if (neutral) continue;
    if (previous >= 0 && !parted(previous, cp)) {
      numbers[cp] = numbers[previous]!;
    } else {
      const known = representatives.findIndex((representative) => !parted(representative, cp));
      numbers[cp] = known < 0 ? representatives.push(cp) : known + 1;
    }
    previous = cp;
  }
  return numbers;
}

/** `properties`: what the sets may be written relative to. */
export function predicateTables(properties: readonly NamedSet[]): string {
  checkWhitespace(properties);
  const set = (comment: string, name: string, codePoints: CodePointSet): string =>
    exportString(comment, name, encodeRelativeSet(codePoints, properties));
  return [
    set(
      'What the Digits pre-tokenizer splits off: char::is_numeric of the Rust version it was built with.',
      'NUMERIC',
      isolatedBy({ type: 'Digits', individual_digits: true }),
    ),
    set(
      'What the Punctuation and BERT pre-tokenizers split off.',
      'PUNCTUATION',
      isolatedBy({ type: 'Punctuation', behavior: 'Isolated' }),
    ),
    set(
      'What BertNormalizer removes with clean_text.',
      'BERT_REMOVED',
      keysWhere(changedBy(bertNormalizer({ clean_text: true })), vanished),
    ),
    set(
      'What BertNormalizer removes with strip_accents, after NFD.',
      'NONSPACING_MARKS',
      keysWhere(changedBy(bertNormalizer({ strip_accents: true })), vanished),
    ),
    set('What StripAccents removes.', 'COMBINING_MARKS', keysWhere(changedBy({ type: 'StripAccents' }), vanished)),
    exportString(
      'Partition of all code points by the scripts of the UnicodeScripts pre-tokenizer; 0 goes with every script.',
      'SCRIPT_NUMBERS',
      encodePartition(scriptNumbers()),
    ),
    exportString('The Lowercase normalizer.', 'LOWERCASE', encodeMapping(changedBy({ type: 'Lowercase' }))),
  ].join('\n');
}
