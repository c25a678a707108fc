// cl100k and its relatives (Llama 3, Qwen):
//
//   (?i:'s|'t|'re|'ve|'m|'ll|'d) | [^\r\n\p{L}\p{N}]?\p{L}+ | \p{N}{1,3} | ␣?[^\s\p{L}\p{N}]+[\r\n]* | \s*[\r\n]+ | \s+(?!\S) | \s+
//
// The piece that holds a character follows from its neighbours. Pieces start
//   at a sign (neither letter, digit nor white space) behind something else than a sign or a blank: a blank belongs to the signs behind it;
//   at a letter behind a letter? no; behind a white-space character? no, the word takes one in; behind a lone sign that starts a piece? no,
//     likewise; else yes;
//   at a digit behind no digit, and at every third (first) digit after it;
//   at white space behind something else, newlines that directly follow signs counting as signs;
//   at the last of several white-space characters (it goes with what follows, or stays alone), unless it is a newline;
//   behind the last newline of a run of white space that goes on;
//   behind a contraction at an apostrophe that starts a piece.
#include "merganser/text/scan_blocks.hpp"

namespace merganser::text::MERGANSER_ISA_NS {
namespace {

struct Cl100k {
  static const uint8_t* one(const ScannerView& view, const uint8_t* at, const uint8_t* end) {
    if (*at == '\'') {
      const uint8_t* behind = contraction(at, end, true);
      if (behind != at) return behind;
    }
    Reader reader(view, at, end);
    const uint8_t first = reader.kind();
    if (first == kDigit) return read_digits(view, reader);
    if (is_letter(first)) return letters(reader);
    const bool blank = reader.value() == ' ', newline = reader.newline();
    reader.next();
    if (!newline && is_letter(reader.kind())) return letters(reader);
    if (is_sign(first) || (blank && is_sign(reader.kind()))) {
      while (is_sign(reader.kind())) reader.next();
      while (reader.newline()) reader.next();
      return reader.at();
    }
    return read_white_space(Reader(view, at, end), view.trailing_space);
  }

  static MERGANSER_INLINE uint64_t starts(const ScannerView& view, const uint8_t* at, const ScanText& text, bool& ends_text) {
    const uint8_t* const end = text.end;
    const Block64 block(at);
    Masks m = classify(block, at, end);
    if (m.not_ascii) [[unlikely]] take_non_ascii(view, block, at, m);
    cut_off(m);
    ends_text = m.ends_text && m.size == static_cast<uint32_t>(end - at);
    const uint64_t sign = ~(m.letter | m.digit | m.space | m.newline) & m.valid;
    const uint64_t sign_start = sign & ~(sign << 1) & ~(m.blank << 1);
    // The place behind the first sign of a run, over the later bytes of that sign: a letter there goes on with the sign's piece.
    const uint64_t behind_first_sign = ((sign_start << 1) + m.inner) & ~m.inner;
    uint64_t starts = sign_start | (m.letter & ~((m.letter | m.space) << 1) & ~behind_first_sign);
    const uint64_t digit_start = m.digit & ~(m.digit << 1);
    starts |= digit_groups(m.digit, digit_start, view.max_digits);
    // Newlines directly behind signs are theirs: a carry runs through them.
    const uint64_t sign_newline = m.newline & (sign << 1);
    const uint64_t taken = sign_newline ? m.newline & ~(m.newline + sign_newline) : 0;
    const uint64_t white = (m.space | m.newline) & ~taken;
    starts |= white & ~(white << 1);
    starts |= m.space & ~((m.space | m.newline) >> 1) & (m.valid >> 1);
    const uint64_t behind_newline = m.space & (m.newline << 1);
    if (behind_newline) starts |= behind_last_newline(m, behind_newline, ends_text, view.trailing_space);
    for (uint64_t quotes = block.equal('\'') & sign_start & (m.letter >> 1); quotes; quotes &= quotes - 1) {
      const uint32_t i = static_cast<uint32_t>(__builtin_ctzll(quotes));
      const uint32_t behind = static_cast<uint32_t>(contraction(at + i, end, true) - at);
      if (behind != i && behind < m.size) starts |= uint64_t{1} << behind;
    }
    if (view.trailing_space && ends_text) starts = drop_inside_trailing_space(m, white, starts);
    if (m.wide && text.cuts) starts |= safe_cuts(*text.cuts, at, m.wide);
    return starts & m.valid & ~uint64_t{1};
  }

 private:
  static const uint8_t* letters(Reader& reader) {
    while (is_letter(reader.kind())) reader.next();
    return reader.at();
  }
  static void take_non_ascii(const ScannerView& view, const Block64& block, const uint8_t* at, Masks& m) {
    uint64_t rest = take_known_scripts(block, m);
    while (rest) {
      const uint32_t i = static_cast<uint32_t>(__builtin_ctzll(rest));
      const Character c = character_at(view, at + i);
      if (i + c.size > m.size || c.kind == kDigit || c.kind == kSpace) {
        m.size = i;
        return;
      }
      const uint64_t bytes = ((uint64_t{1} << c.size) - 1) << i;
      const bool wide_letter = is_letter(c.kind) && c.size == 3 && at[i] >= kWideLead;
      m.wide |= static_cast<uint64_t>(wide_letter) << i;
      if (is_letter(c.kind)) {
        m.letter |= bytes;
      } else {
        m.inner |= bytes & (bytes - 1);
      }
      if (i + c.size == 64) return;
      rest &= ~uint64_t{0} << (i + c.size);
    }
  }

  // The run of white space that ends the text is one piece from its start, which stays.
  static uint64_t drop_inside_trailing_space(const Masks& m, uint64_t white, uint64_t starts) {
    const uint64_t top = uint64_t{1} << (m.size - 1);
    if (!(white & top)) return starts;
    const uint64_t others = m.valid & ~white;
    const uint32_t begin = others ? 64 - static_cast<uint32_t>(__builtin_clzll(others)) : 0;
    return begin >= 63 ? starts : starts & ~((~uint64_t{0} << begin) & ~(uint64_t{1} << begin));
  }
};

}  // namespace

uint32_t scan_cl100k(const ScannerView& view, const uint8_t*& position, const ScanText& text, uint32_t* ends, uint32_t capacity) {
  return scan_blocks<Cl100k>(view, position, text, ends, capacity);
}

}  // namespace merganser::text::MERGANSER_ISA_NS
