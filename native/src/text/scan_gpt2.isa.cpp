// GPT-2 (r50k, p50k, and every ByteLevel pre-tokenizer with use_regex):
//
//   's|'t|'re|'ve|'m|'ll|'d | ␣?\p{L}+ | ␣?\p{N}+ | ␣?[^\s\p{L}\p{N}]+ | \s+(?!\S) | \s+
//
// Pieces start where the kind of character changes, save that a blank belongs to the letters, digits or signs behind it; at the last of
// several white-space characters in front of something else; and behind a contraction at an apostrophe that starts a piece.
//
// By line, each newline ends the text: a run of white space ends behind it, whatever follows, and gives nothing away there.
#include "merganser/text/scan_blocks.hpp"

namespace merganser::text::MERGANSER_ISA_NS {
namespace {

enum Class : uint8_t { kLetters, kDigits, kSigns, kWhite, kNothing };

MERGANSER_INLINE Class class_of(const Reader& reader) {
  if (reader.done()) return kNothing;
  return is_letter(reader.kind()) ? kLetters : reader.kind() == kDigit ? kDigits : reader.kind() == kSpace ? kWhite : kSigns;
}

template <bool kByLine>
struct Gpt2 {
  static const uint8_t* one(const ScannerView& view, const uint8_t* at, const uint8_t* end) {
    if (*at == '\'') {
      const uint8_t* behind = contraction(at, end, false);
      if (behind != at) return behind;
    }
    Reader reader(view, at, end);
    const bool blank = reader.value() == ' ';
    Class first = class_of(reader);
    if (first == kWhite) {
      if (!blank) return white_space(view, at, end);
      reader.next();
      first = class_of(reader);
      if (first == kWhite || first == kNothing) return white_space(view, at, end);
    }
    while (class_of(reader) == first) reader.next();
    return reader.at();
  }

  static MERGANSER_INLINE uint64_t starts(const ScannerView& view, const uint8_t* at, const ScanText& text, bool& ends_text) {
    const uint8_t* const end = text.end;
    const Block64 block(at);
    Masks m = classify(block, at, end);
    if (m.not_ascii) [[unlikely]] take_non_ascii(view, block, at, m);
    cut_off(m);
    ends_text = m.ends_text && m.size == static_cast<uint32_t>(end - at);
    const uint64_t white = m.space | m.newline;
    const uint64_t sign = ~(m.letter | m.digit | white) & m.valid;
    const uint64_t sign_start = sign & ~(sign << 1) & ~(m.blank << 1);
    uint64_t starts = sign_start | (((m.letter & ~(m.letter << 1)) | (m.digit & ~(m.digit << 1))) & ~(m.blank << 1));
    const uint64_t line_end = kByLine ? block.equal('\n') & m.valid : 0;
    starts |= white & (~(white << 1) | line_end << 1 | (~(white >> 1) & ~line_end & (m.valid >> 1)));
    for (uint64_t quotes = block.equal('\'') & sign_start & (m.letter >> 1); quotes; quotes &= quotes - 1) {
      const uint32_t i = static_cast<uint32_t>(__builtin_ctzll(quotes));
      const uint32_t behind = static_cast<uint32_t>(contraction(at + i, end, false) - at);
      if (behind == i) continue;
      // The letter behind the apostrophe is no start of its own here.
      starts &= ~(uint64_t{2} << i);
      if (behind < m.size) starts |= uint64_t{1} << behind;
    }
    if (m.wide && text.cuts) starts |= safe_cuts(*text.cuts, at, m.wide);
    return starts & m.valid & ~uint64_t{1};
  }

 private:
  // \s+(?!\S) | \s+
  static const uint8_t* white_space(const ScannerView& view, const uint8_t* at, const uint8_t* end) {
    Reader reader(view, at, end);
    const uint8_t* last = at;
    while (reader.kind() == kSpace) {
      const bool line_end = kByLine && reader.value() == '\n';
      last = reader.at();
      reader.next();
      if (line_end) return reader.at();
    }
    return reader.done() || last == at ? reader.at() : last;
  }

  static void take_non_ascii(const ScannerView& view, const Block64& block, const uint8_t* at, Masks& m) {
    uint64_t rest = take_known_scripts(block, m);
    while (rest) {
      const uint32_t i = static_cast<uint32_t>(__builtin_ctzll(rest));
      const Character c = character_at(view, at + i);
      if (i + c.size > m.size || c.kind == kSpace) {
        m.size = i;
        return;
      }
      const uint64_t bytes = ((uint64_t{1} << c.size) - 1) << i;
      const bool wide_letter = is_letter(c.kind) && c.size == 3 && at[i] >= kWideLead;
      m.wide |= static_cast<uint64_t>(wide_letter) << i;
      if (is_letter(c.kind)) m.letter |= bytes;
      if (c.kind == kDigit) m.digit |= bytes;
      if (i + c.size == 64) return;
      rest &= ~uint64_t{0} << (i + c.size);
    }
  }
};

}  // namespace

uint32_t scan_gpt2(const ScannerView& view, const uint8_t*& position, const ScanText& text, uint32_t* ends, uint32_t capacity) {
  return scan_blocks<Gpt2<false>>(view, position, text, ends, capacity);
}

uint32_t scan_gpt2_lines(const ScannerView& view, const uint8_t*& position, const ScanText& text, uint32_t* ends, uint32_t capacity) {
  return scan_blocks<Gpt2<true>>(view, position, text, ends, capacity);
}

}  // namespace merganser::text::MERGANSER_ISA_NS
