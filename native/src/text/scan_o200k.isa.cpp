// o200k and its relatives (Tekken: no contractions, single digits). With X = [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}], Y = [\p{Ll}\p{Lm}\p{Lo}\p{M}]:
//
//   [^\r\n\p{L}\p{N}]?X*Y+(?i:'s|'t|'re|'ve|'m|'ll|'d)? | [^\r\n\p{L}\p{N}]?X+Y*(?i:'s|…)? |
//   \p{N}{1,3} | ␣?[^\s\p{L}\p{N}]+[\r\n/]* | \s*[\r\n]+ | \s+(?!\S) | \s+
//
// As cl100k (see there), with three differences. Words break between a lower-case letter and an upper-case one. A contraction belongs to the word
// before it. Behind signs slashes are taken as well as newlines. Letters without case are in X and in Y: what they do in front of an
// upper-case letter depends on what follows, and is left to the plain reader, as are marks that stand behind no letter.
#include "merganser/text/scan_blocks.hpp"

namespace merganser::text::MERGANSER_ISA_NS {
namespace {

MERGANSER_INLINE bool in_x(uint8_t kind) { return kind == kUpper || kind == kLetter || kind == kMark; }
MERGANSER_INLINE bool in_y(uint8_t kind) { return kind == kLower || kind == kLetter || kind == kMark; }

struct O200k {
  static const uint8_t* one(const ScannerView& view, const uint8_t* at, const uint8_t* end) {
    Reader reader(view, at, end);
    const uint8_t first = reader.kind();
    if (first == kDigit) return read_digits(view, reader);
    const bool blank = reader.value() == ' ';
    const bool may_prefix = !reader.newline() && !is_letter(first);
    reader.next();
    const uint8_t* const second = reader.at();
    const uint8_t second_kind = reader.kind();
    const uint8_t* word = may_prefix ? lower_word(view, second, end) : nullptr;
    if (!word) word = lower_word(view, at, end);
    if (!word && may_prefix) word = upper_word(view, second, end);
    if (!word) word = upper_word(view, at, end);
    if (word) return view.contractions && word < end && *word == '\'' ? contraction(word, end, true) : word;
    if (is_sign(first) || (blank && is_sign(second_kind))) {
      while (is_sign(reader.kind())) reader.next();
      while (reader.newline() || reader.value() == '/') reader.next();
      return reader.at();
    }
    return read_white_space(Reader(view, at, end), view.trailing_space);
  }

  static MERGANSER_INLINE uint64_t starts(const ScannerView& view, const uint8_t* at, const ScanText& text, bool& ends_text) {
    const uint8_t* const end = text.end;
    const Block64 block(at);
    Masks m = classify(block, at, end);
    uint64_t upper = block.within('A', 26), uncased = 0;
    if (m.not_ascii) [[unlikely]] take_non_ascii(view, block, at, m, upper, uncased);
    const uint64_t quote = block.equal('\'');
    // An apostrophe behind a letter at the end of the block: what follows decides.
    const bool to_the_end = m.ends_text && m.size == static_cast<uint32_t>(end - at);
    if (!to_the_end && m.size >= 2 && quote >> (m.size - 1) & 1 && m.letter >> (m.size - 2) & 1) --m.size;
    cut_off(m);
    ends_text = to_the_end && m.size == static_cast<uint32_t>(end - at);
    const uint64_t all_sign = ~(m.letter | m.digit | m.space | m.newline) & m.valid;
    uint64_t taken = m.newline & (all_sign << 1);
    if (taken) taken = spread(taken, (m.newline | block.equal('/')) & m.valid);
    const uint64_t sign = all_sign & ~taken;
    const uint64_t sign_start = sign & ~(sign << 1) & ~(m.blank << 1);
    const uint64_t behind_first_sign = ((sign_start << 1) + m.inner) & ~m.inner;
    const uint64_t lower = m.letter & ~upper & ~uncased;
    uint64_t starts = sign_start | (m.letter & ~((m.letter | m.space) << 1) & ~behind_first_sign) | (upper & (lower << 1));
    starts |= digit_groups(m.digit, m.digit & ~(m.digit << 1), view.max_digits);
    const uint64_t white = (m.space | m.newline) & ~taken;
    starts |= white & ~(white << 1);
    starts |= m.space & ~((m.space | m.newline) >> 1) & (m.valid >> 1);
    const uint64_t behind_newline = m.space & (m.newline << 1);
    if (behind_newline) starts |= behind_last_newline(m, behind_newline, ends_text, false);
    uint64_t quotes = quote & (m.letter << 1) & (m.letter >> 1);
    if (quotes && view.contractions) starts = join_contractions(at, end, m, quotes, starts);
    if (m.wide && text.cuts) {
      // A word that has come to its lower-case part ends before an upper-case letter, and a cut would forget that it has.
      const uint64_t behind_lower = uncased & ~(uncased + (uncased & (lower << 1)));
      starts |= safe_cuts(*text.cuts, at, m.wide & ~behind_lower);
    }
    return starts & m.valid & ~uint64_t{1};
  }

 private:
  // End of X*Y+ at `at`, or null. X* takes all it can; if no lower-case letter follows it gives back up to the last character that is in Y too.
  static const uint8_t* lower_word(const ScannerView& view, const uint8_t* at, const uint8_t* end) {
    Reader reader(view, at, end);
    const uint8_t* behind_last_y = nullptr;
    while (in_x(reader.kind())) {
      const bool y = in_y(reader.kind());
      reader.next();
      if (y) behind_last_y = reader.at();
    }
    if (reader.kind() != kLower) return behind_last_y;
    while (in_y(reader.kind())) reader.next();
    return reader.at();
  }
  // End of X+Y* at `at`, or null. Only asked where X*Y+ fails: no Y follows.
  static const uint8_t* upper_word(const ScannerView& view, const uint8_t* at, const uint8_t* end) {
    Reader reader(view, at, end);
    while (in_x(reader.kind())) reader.next();
    return reader.at() == at ? nullptr : reader.at();
  }

  static MERGANSER_INLINE uint64_t spread(uint64_t seeds, uint64_t through) {
    for (uint64_t more; (more = through & (seeds << 1) & ~seeds);) seeds |= more;
    return seeds;
  }

  // As take_known_scripts, with case. Marks are letters, but only behind letters: others are left.
  static MERGANSER_INLINE uint64_t take_cased_scripts(const Block64& block, Masks& m, uint64_t& upper, uint64_t& uncased) {
    const uint64_t valid = m.size == 64 ? ~uint64_t{0} : (uint64_t{1} << m.size) - 1;
    const CasedLetters latin = latin_letters(block, valid), cyrillic = cyrillic_letters(block, valid);
    const IndicLetters devanagari = devanagari_letters(block, valid);
    m.wide = wide_letters(block, valid).all();
    upper |= two_bytes(latin.upper | cyrillic.upper);
    uncased = three_bytes(m.wide | devanagari.letters);
    m.letter |= upper | two_bytes(latin.lower | cyrillic.lower) | uncased;
    // A carry from each mark that stands behind a letter runs through the marks behind it.
    const uint64_t marks = three_bytes(devanagari.marks), begin = devanagari.marks & m.letter << 1;
    const uint64_t behind_letter = marks & ~(marks + begin);
    m.letter |= behind_letter;
    uncased |= behind_letter;
    return m.not_ascii & valid & ~m.letter;
  }
  static void take_non_ascii(const ScannerView& view, const Block64& block, const uint8_t* at, Masks& m, uint64_t& upper, uint64_t& uncased) {
    uint64_t rest = take_cased_scripts(block, m, upper, uncased);
    while (rest) {
      const uint32_t i = static_cast<uint32_t>(__builtin_ctzll(rest));
      const Character c = character_at(view, at + i);
      const bool behind_letter = i > 0 && (m.letter >> (i - 1) & 1);
      if (i + c.size > m.size || c.kind == kDigit || c.kind == kSpace || (c.kind == kMark && !behind_letter)) {
        m.size = i;
        break;
      }
      const uint64_t bytes = ((uint64_t{1} << c.size) - 1) << i;
      const bool wide_letter = is_letter(c.kind) && c.size == 3 && at[i] >= kWideLead;
      m.wide |= static_cast<uint64_t>(wide_letter) << i;
      if (is_letter(c.kind) || c.kind == kMark) {
        m.letter |= bytes;
        if (c.kind == kUpper) upper |= bytes;
        if (c.kind == kLetter || c.kind == kMark) uncased |= bytes;
      } else {
        m.inner |= bytes & (bytes - 1);
      }
      if (i + c.size == 64) break;
      rest &= ~uint64_t{0} << (i + c.size);
    }
    if (const uint64_t undecided = upper & (uncased << 1)) {
      const uint32_t i = static_cast<uint32_t>(__builtin_ctzll(undecided));
      if (i < m.size) m.size = i;
    }
  }

  // An apostrophe with s, t, m, d, re, ve or ll goes to the word before it, once.
  static uint64_t join_contractions(const uint8_t* at, const uint8_t* end, const Masks& m, uint64_t quotes, uint64_t starts) {
    uint32_t joined = 0;  // behind the last contraction
    for (; quotes; quotes &= quotes - 1) {
      const uint32_t i = static_cast<uint32_t>(__builtin_ctzll(quotes));
      const uint32_t behind = static_cast<uint32_t>(contraction(at + i, end, true) - at);
      if (behind == i || i == joined) continue;
      joined = behind;
      starts &= ~(uint64_t{1} << i);
      if (behind < m.size && (m.letter >> behind & 1)) starts |= uint64_t{1} << behind;
    }
    return starts;
  }
};

}  // namespace

uint32_t scan_o200k(const ScannerView& view, const uint8_t*& position, const ScanText& text, uint32_t* ends, uint32_t capacity) {
  return scan_blocks<O200k>(view, position, text, ends, capacity);
}

}  // namespace merganser::text::MERGANSER_ISA_NS
