// DeepSeek-V3, which splits three times, matches and what lies between them isolated each time:
//
//   \p{N}{1,3}
//   [\u4e00-\u9fa5\u3040-\u30ff]+                            "ideographs" below
//   [!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+ | [^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+ | ␣?[\p{P}\p{S}]+[\r\n]* |
//   \s*[\r\n]+ | \s+(?!\S) | \s+
//
// A split sees nothing beyond its segment, so text is a sequence of numbers, ideographs, and segments of anything else, each with its own beginning and
// end. As cl100k (see there), with these differences. Marks are letters. A sign takes the letters behind it in only if all are of ASCII, else the word
// breaks at the first that is not. Nothing stands in front of an ideograph's piece or a number's: white space there is at its segment's end, and one piece
// but for its newlines. Of characters that are none of all these (controls, joiners, unassigned ones: "others") nothing matches a run, but the last may stand in front of a
// word. The few signs among the ideographs are left to the plain reader.
#include "merganser/text/scan_blocks.hpp"

namespace merganser::text::MERGANSER_ISA_NS {
namespace {

MERGANSER_INLINE bool is_ideograph(uint32_t c) { return (c >= 0x3040 && c <= 0x30FF) || (c >= 0x4E00 && c <= 0x9FA5); }
MERGANSER_INLINE bool in_word(uint8_t kind) { return is_letter(kind) || kind == kMark; }
MERGANSER_INLINE bool is_ascii_letter(uint32_t c) { return (c | 0x20) - 'a' < 26; }

// Reads the segment that begins with a character; behind it is nothing.
class SegmentReader {
 public:
  SegmentReader(const ScannerView& view, const uint8_t* at, const uint8_t* end) : reader_(view, at, end), ideographs_(is_ideograph(reader_.value())) {}
  bool done() const { return reader_.done() || reader_.kind() == kDigit || is_ideograph(reader_.value()) != ideographs_; }
  const uint8_t* at() const { return reader_.at(); }
  uint8_t kind() const { return done() ? kNothing : reader_.kind(); }
  uint32_t value() const { return reader_.value(); }
  bool newline() const { return !done() && reader_.newline(); }
  void next() { reader_.next(); }

 private:
  static constexpr uint8_t kNothing = 255;
  Reader reader_;
  bool ideographs_;
};

// Characters of no kind: all their bytes, and the first ones.
struct Others {
  uint64_t all, first;

  // The first bytes of those directly in front of words.
  MERGANSER_INLINE uint64_t before(uint64_t letter) const {
    uint64_t found = 0, at = letter >> 1 & all;
    for (uint32_t byte = 0; byte < 4; ++byte) {
      found |= at & first;
      at = (at & ~first) >> 1;
    }
    return found;
  }
};

struct DeepSeek {
  static const uint8_t* one(const ScannerView& view, const uint8_t* at, const uint8_t* end) {
    Reader reader(view, at, end);
    if (reader.kind() == kDigit) return read_digits(view, reader);
    SegmentReader segment(view, at, end);
    const uint8_t* match = match_end(segment);
    // The piece is all up to where a match begins.
    while (!match) {
      segment.next();
      if (segment.done() || match_end(segment)) return segment.at();
    }
    return match;
  }

  static MERGANSER_INLINE uint64_t starts(const ScannerView& view, const uint8_t* at, const ScanText& text, bool& ends_text) {
    const uint8_t* const end = text.end;
    const Block64 block(at);
    Masks m = classify(block, at, end);
    uint64_t ideograph = 0;
    Others others;
    others.all = others.first = (block.within('\0', 32) & ~(m.space | m.newline)) | block.equal('\x7F');
    if (m.not_ascii) [[unlikely]] take_non_ascii(view, block, at, m, ideograph, others);
    cut_off(m);
    ideograph &= m.valid;
    others.all &= m.valid;
    ends_text = m.ends_text && m.size == static_cast<uint32_t>(end - at);
    const uint64_t sign = ~(m.letter | m.digit | m.space | m.newline | ideograph | others.all) & m.valid;
    const uint64_t sign_start = sign & ~(sign << 1) & ~(m.blank << 1);
    // ASCII letters behind the first of the signs, if that is of ASCII too, are of its piece. A carry runs to where they end.
    const uint64_t ascii_letter = block.letters() & m.valid;
    const uint64_t joined = (sign_start & ~m.not_ascii) << 1 & ascii_letter;
    const uint64_t behind_joined = (joined + ascii_letter) & ~ascii_letter;
    uint64_t starts = sign_start | (m.letter & ~((m.letter | m.space | others.all) << 1) & ~joined) | (m.letter & behind_joined);
    starts |= ideograph & ~(ideograph << 1);
    if (others.all) [[unlikely]] starts |= (others.all & ~(others.all << 1)) | others.before(m.letter);
    starts |= digit_groups(m.digit, m.digit & ~(m.digit << 1), view.max_digits);
    const uint64_t sign_newline = m.newline & (sign << 1);
    const uint64_t taken = sign_newline ? m.newline & ~(m.newline + sign_newline) : 0;
    const uint64_t white = (m.space | m.newline) & ~taken;
    starts |= white & ~(white << 1);
    starts |= m.space & ~((m.space | m.newline | m.digit | ideograph) >> 1) & (m.valid >> 1);
    const uint64_t behind_newline = m.space & (m.newline << 1);
    if (behind_newline) starts |= behind_last_newline(m, behind_newline, ends_text, false);
    if (m.wide && text.cuts) starts |= safe_cuts(*text.cuts, at, m.wide);
    return starts & m.valid & ~uint64_t{1};
  }

 private:
  // End of the last split's match at the reader, or null if none begins there.
  static const uint8_t* match_end(SegmentReader reader) {
    const SegmentReader start = reader;
    const uint8_t first = reader.kind();
    const uint32_t value = reader.value();
    const bool newline = reader.newline();
    reader.next();
    if (in_word(first)) return word_end(reader);
    if (first == kPunctuation) return value < 0x80 && is_ascii_letter(reader.value()) && !reader.done() ? ascii_end(reader) : signs_end(reader);
    if (in_word(reader.kind()) && !newline) return word_end(reader);
    if (value == ' ' && reader.kind() == kPunctuation) return signs_end(reader);
    return first == kSpace ? read_white_space(start, false) : nullptr;
  }
  static const uint8_t* word_end(SegmentReader& reader) {
    while (in_word(reader.kind())) reader.next();
    return reader.at();
  }
  static const uint8_t* ascii_end(SegmentReader& reader) {
    while (!reader.done() && is_ascii_letter(reader.value())) reader.next();
    return reader.at();
  }
  static const uint8_t* signs_end(SegmentReader& reader) {
    while (reader.kind() == kPunctuation) reader.next();
    while (reader.newline()) reader.next();
    return reader.at();
  }

  static void take_non_ascii(const ScannerView& view, const Block64& block, const uint8_t* at, Masks& m, uint64_t& ideograph, Others& others) {
    uint64_t rest = take_known_words(block, m, ideograph);
    while (rest) {
      const uint32_t i = static_cast<uint32_t>(__builtin_ctzll(rest));
      const Character c = character_at(view, at + i);
      const bool wide_letter = is_letter(c.kind) && c.size == 3 && at[i] >= kWideLead;
      const bool sign_of_ideographs = is_ideograph(c.value) && !in_word(c.kind);
      if (i + c.size > m.size || c.kind == kDigit || c.kind == kSpace || sign_of_ideographs) {
        m.size = i;
        return;
      }
      const uint64_t bytes = ((uint64_t{1} << c.size) - 1) << i;
      m.wide |= static_cast<uint64_t>(wide_letter) << i;
      if (is_ideograph(c.value)) {
        ideograph |= bytes;
      } else if (in_word(c.kind)) {
        m.letter |= bytes;
      } else if (c.kind == kOther) {
        others.all |= bytes;
        others.first |= uint64_t{1} << i;
      }
      if (i + c.size == 64) return;
      rest &= ~uint64_t{0} << (i + c.size);
    }
  }
  // As take_known_scripts, with ideographs apart.
  static MERGANSER_INLINE uint64_t take_known_words(const Block64& block, Masks& m, uint64_t& ideograph) {
    const uint64_t valid = m.size == 64 ? ~uint64_t{0} : (uint64_t{1} << m.size) - 1;
    const CasedLetters latin = latin_letters(block, valid), cyrillic = cyrillic_letters(block, valid);
    const IndicLetters devanagari = devanagari_letters(block, valid);
    const WideLetters wide = wide_letters(block, valid);
    // U+9F80 and beyond are not all of them ideographs here.
    const uint64_t last = wide.han & block.equal('\xE9') & block.within('\xBE', 2) >> 1;
    m.wide = wide.all() & ~last;
    ideograph = three_bytes((wide.han & ~last) | wide.kana);
    m.letter |= two_bytes(latin.upper | latin.lower | cyrillic.upper | cyrillic.lower) | three_bytes(wide.hangul | devanagari.letters | devanagari.marks);
    return m.not_ascii & valid & ~(m.letter | ideograph);
  }
};

}  // namespace

uint32_t scan_deepseek(const ScannerView& view, const uint8_t*& position, const ScanText& text, uint32_t* ends, uint32_t capacity) {
  return scan_blocks<DeepSeek>(view, position, text, ends, capacity);
}

}  // namespace merganser::text::MERGANSER_ISA_NS
