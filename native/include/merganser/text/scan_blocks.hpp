// What the scanners share: reading one character, writing out a mask of starts, and the loop over blocks. For kernels (*.isa.cpp) only.
#pragma once
#include <cstdint>

#include "merganser/simd/block64.hpp"
#include "merganser/simd/inline.hpp"
#include "merganser/text/scanner.hpp"
#include "merganser/text/script_masks.hpp"
#include "merganser/text/utf8.hpp"

namespace merganser::text::MERGANSER_ISA_NS {

struct Character {
  uint32_t value;
  uint32_t size;
  uint8_t kind;
};

MERGANSER_INLINE Character character_at(const ScannerView& view, const uint8_t* at) {
  const CodePoint c = decode(at);
  return {c.value, c.size, view.kinds[static_cast<uint32_t>(view.pages[c.value >> 8]) << 8 | (c.value & 255)]};
}

// Characters one after the other, for the plain readers: at the end of the text, a character of size 0 that is of no kind.
class Reader {
 public:
  MERGANSER_INLINE Reader(const ScannerView& view, const uint8_t* at, const uint8_t* end) : view_(view), at_(at), end_(end) { look(); }
  MERGANSER_INLINE bool done() const { return at_ == end_; }
  MERGANSER_INLINE const uint8_t* at() const { return at_; }
  MERGANSER_INLINE uint8_t kind() const { return now_.kind; }
  MERGANSER_INLINE uint32_t value() const { return now_.value; }
  MERGANSER_INLINE bool newline() const { return now_.value == '\n' || now_.value == '\r'; }
  MERGANSER_INLINE void next() {
    at_ += now_.size;
    look();
  }

 private:
  static constexpr uint8_t kNothing = 255;
  MERGANSER_INLINE void look() { now_ = at_ < end_ ? character_at(view_, at_) : Character{0x110000, 0, kNothing}; }

  const ScannerView& view_;
  const uint8_t* at_;
  const uint8_t* end_;
  Character now_;
};

// End of a contraction ('s 't 'm 'd 're 've 'll) at the apostrophe `at`, or `at` if there is none. Ignoring case takes in U+017F, the long s.
MERGANSER_INLINE const uint8_t* contraction(const uint8_t* at, const uint8_t* end, bool ignore_case) {
  if (end - at < 2) return at;
  const uint8_t fold = ignore_case ? 0x20 : 0;
  const uint8_t a = at[1] < 0x80 ? at[1] | fold : 0;
  if (a == 's' || a == 't' || a == 'm' || a == 'd') return at + 2;
  if (end - at < 3) return at;
  if (ignore_case && at[1] == 0xC5 && at[2] == 0xBF) return at + 3;
  const uint8_t b = at[2] < 0x80 ? at[2] | fold : 0;
  if ((a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l')) return at + 3;
  return at;
}

MERGANSER_INLINE bool is_letter(uint8_t kind) { return kind >= kUpper && kind <= kLetter; }
// [^\s\p{L}\p{N}]
MERGANSER_INLINE bool is_sign(uint8_t kind) { return kind == kOther || kind == kMark || kind == kPunctuation; }

// \p{N}{1,max}
MERGANSER_INLINE const uint8_t* read_digits(const ScannerView& view, Reader& reader) {
  for (uint32_t i = 0; (view.max_digits == 0 || i < view.max_digits) && reader.kind() == kDigit; ++i) reader.next();
  return reader.at();
}
// \s*[\r\n]+ | \s+(?!\S) | \s+ at white space
template <typename AnyReader>
inline const uint8_t* read_white_space(AnyReader reader, bool trailing_space) {
  const uint8_t* const at = reader.at();
  const uint8_t* last = at;                 // start of the last character
  const uint8_t* behind_newline = nullptr;  // behind the last newline
  while (reader.kind() == kSpace) {
    const bool newline = reader.newline();
    last = reader.at();
    reader.next();
    if (newline) behind_newline = reader.at();
  }
  if (reader.done() && trailing_space) return reader.at();
  if (behind_newline) return behind_newline;
  return reader.done() || last == at ? reader.at() : last;
}

// Writes offset + position of every set bit; up to 15 numbers more than there are.
MERGANSER_INLINE uint32_t write_bits(uint64_t bits, uint32_t offset, uint32_t* out) {
  const uint32_t count = static_cast<uint32_t>(__builtin_popcountll(bits));
#if defined(__AVX512F__)
  __m512i positions = _mm512_add_epi32(_mm512_set1_epi32(static_cast<int>(offset)), _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  for (uint32_t i = 0; i < 64; i += 16) {
    _mm512_storeu_si512(out, _mm512_maskz_compress_epi32(static_cast<__mmask16>(bits >> i), positions));
    out += __builtin_popcount(static_cast<uint32_t>(bits >> i) & 0xFFFF);
    positions = _mm512_add_epi32(positions, _mm512_set1_epi32(16));
  }
#else
  // Eight at a time without asking whether there are so many.
  for (uint32_t written = 0; written < count; written += 8) {
    for (uint32_t i = 0; i < 8; ++i) {
      out[written + i] = offset + static_cast<uint32_t>(__builtin_ctzll(bits | uint64_t{1} << 63));
      bits &= bits - 1;
    }
  }
#endif
  return count;
}

// A block of text as masks. Non-ASCII letters are entered as letters of all their bytes, other non-ASCII characters stay "none of these"
// with their later bytes in `inner`; at the first character of a kind that a family cannot take in its stride the block ends (`size`).
struct Masks {
  uint64_t letter, digit, space /* without newlines */, newline, blank /* U+0020 */, inner, not_ascii, valid;
  uint64_t wide;  // first bytes of letters of three bytes from U+3000 on
  uint32_t size;
  bool ends_text;
};

MERGANSER_INLINE Masks classify(const simd::MERGANSER_ISA_NS::Block64& block, const uint8_t* at, const uint8_t* end) {
  Masks m;
  m.letter = block.letters();
  m.digit = block.within('0', 10);
  m.blank = block.equal(' ');
  m.newline = block.equal('\n') | block.equal('\r');
  m.space = (m.blank | block.within('\t', 5)) & ~m.newline;
  m.not_ascii = block.not_ascii();
  m.inner = m.wide = 0;
  m.size = end - at < 64 ? static_cast<uint32_t>(end - at) : 64;
  m.ends_text = end - at <= 64;
  return m;
}

MERGANSER_INLINE void cut_off(Masks& m) {
  m.valid = m.size == 64 ? ~uint64_t{0} : (uint64_t{1} << m.size) - 1;
  m.letter &= m.valid;
  m.digit &= m.valid;
  m.space &= m.valid;
  m.newline &= m.valid;
  m.blank &= m.valid;
  m.wide &= m.valid;
}

// Starts of digit pieces: each run, and within it every `max_digits`th digit.
MERGANSER_INLINE uint64_t digit_groups(uint64_t digit, uint64_t start, uint32_t max_digits) {
  if (max_digits == 1) return digit;
  if (max_digits != 3) return start;
  const uint64_t three = digit & (digit << 1) & (digit << 2) & (digit << 3);
  for (uint64_t group = (start << 3) & three; group; group = (group << 3) & three) start |= group;
  return start;
}

// White space behind a newline starts a piece if no newline follows in the same run. A carry through the white space finds what ends the run.
inline uint64_t behind_last_newline(const Masks& m, uint64_t candidates, bool ends_text, bool trailing_space) {
  uint64_t starts = 0;
  for (; candidates; candidates &= candidates - 1) {
    const uint32_t i = static_cast<uint32_t>(__builtin_ctzll(candidates));
    const uint64_t beyond = ~(m.space >> i);
    const uint32_t behind = i + static_cast<uint32_t>(__builtin_ctzll(beyond));
    const bool inside = behind < m.size;
    if (inside ? !(m.newline >> behind & 1) : ends_text && !trailing_space) starts |= uint64_t{1} << i;
  }
  return starts;
}

// Enters letters of scripts that are known by their bytes, case aside, and marks as neither letter nor first of a character (`inner`). Returns the
// non-ASCII bytes that are left.
MERGANSER_INLINE uint64_t take_known_scripts(const Block64& block, Masks& m) {
  const uint64_t valid = m.size == 64 ? ~uint64_t{0} : (uint64_t{1} << m.size) - 1;
  const CasedLetters latin = latin_letters(block, valid), cyrillic = cyrillic_letters(block, valid);
  const IndicLetters devanagari = devanagari_letters(block, valid);
  m.wide = wide_letters(block, valid).all();
  const uint64_t letters = two_bytes(latin.upper | latin.lower | cyrillic.upper | cyrillic.lower) | three_bytes(m.wide | devanagari.letters);
  m.letter |= letters;
  m.inner |= three_bytes(devanagari.marks) & ~devanagari.marks;
  return m.not_ascii & valid & ~(letters | three_bytes(devanagari.marks));
}

constexpr uint8_t kWideLead = 0xE3;

#if defined(__AVX512F__)

// Code points of characters of three bytes, of which the words hold the bytes.
MERGANSER_INLINE __m512i code_points3(__m512i words) {
  const __m512i high = _mm512_slli_epi32(_mm512_and_si512(words, _mm512_set1_epi32(0x0F)), 12);
  const __m512i middle = _mm512_and_si512(_mm512_srli_epi32(words, 2), _mm512_set1_epi32(0xFC0));
  return _mm512_or_si512(_mm512_or_si512(high, middle), _mm512_and_si512(_mm512_srli_epi32(words, 16), _mm512_set1_epi32(0x3F)));
}

// CutView::may_join of sixteen pairs, by the filter alone; those `wanted`.
MERGANSER_INLINE __mmask16 may_join16(const CutView& cuts, __m512i left, __m512i right, __mmask16 wanted) {
  const __m512i mixed = _mm512_xor_si512(_mm512_mullo_epi32(left, _mm512_set1_epi32(static_cast<int>(CutView::kLeftFactor))),
                                         _mm512_mullo_epi32(right, _mm512_set1_epi32(static_cast<int>(CutView::kRightFactor))));
  const __m512i hash = _mm512_srl_epi32(_mm512_mullo_epi32(mixed, _mm512_set1_epi32(static_cast<int>(CutView::kPairFactor))),
                                        _mm_cvtsi32_si128(static_cast<int>(cuts.pair_shift)));
  const __m512i words = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), wanted, _mm512_srli_epi32(hash, 5), cuts.pairs, 4);
  return _mm512_test_epi32_mask(words, _mm512_sllv_epi32(_mm512_set1_epi32(1), _mm512_and_si512(hash, _mm512_set1_epi32(31))));
}

// The second ones of pairs of characters of three bytes each, of `pairs`, between which a piece may be cut. `leads`: the first bytes of all such characters
// that end within the block.
MERGANSER_INLINE uint64_t cuts_between3(const CutView& cuts, const uint8_t* at, uint64_t pairs, uint64_t leads) {
  alignas(64) uint32_t places[64 + 16];
  const uint32_t count = write_bits(leads, 0, places);
  const uint32_t wanted = static_cast<uint32_t>(_pext_u64(pairs, leads));
  const __m512i zero = _mm512_setzero_si512(), one = _mm512_set1_epi32(1);
  const __m512i partial_low = _mm512_loadu_si512(cuts.partial3), partial_high = _mm512_loadu_si512(cuts.partial3 + 32);
  __m512i before = zero;          // the sixteen characters before
  uint32_t joins_behind = 0;      // bit 0: the last of them joins with whatever stands behind
  uint64_t cut = 0;
  for (uint32_t first = 0; first < count; first += 16) {
    const __mmask16 there = static_cast<__mmask16>(count - first >= 16 ? 0xFFFF : (1u << (count - first)) - 1);
    const __mmask16 asked = static_cast<__mmask16>(wanted >> first);
    // The byte before each character, and the character; of one that begins the block, no byte before.
    const __m512i place = _mm512_load_si512(places + first);
    const __mmask16 inside = _mm512_test_epi32_mask(place, place);
    const __m512i words = _mm512_mask_i32gather_epi32(zero, there, _mm512_mask_sub_epi32(place, inside, place, one), at, 1);
    const __m512i bytes = _mm512_mask_srli_epi32(words, inside, words, 8);
    const __m512i right = code_points3(bytes), left = _mm512_alignr_epi32(right, before, 15);
    before = right;
    __mmask16 joins = may_join16(cuts, left, right, asked);
    const __m512i rows = _mm512_permutex2var_epi16(partial_low, _mm512_and_si512(words, _mm512_set1_epi32(63)), partial_high);
    const __mmask16 partial = asked & _mm512_test_epi32_mask(rows, _mm512_sllv_epi32(one, _mm512_and_si512(bytes, _mm512_set1_epi32(15))));
    if (partial) {
      const __m512i byte = _mm512_set1_epi32(0xFF);
      const __m512i part_before = _mm512_or_si512(_mm512_and_si512(words, byte), _mm512_set1_epi32(static_cast<int>(CutView::kPartBefore)));
      const __m512i part_behind = _mm512_or_si512(_mm512_and_si512(bytes, byte), _mm512_set1_epi32(static_cast<int>(CutView::kPartBehind)));
      joins |= may_join16(cuts, left, part_behind, partial) | may_join16(cuts, part_before, right, partial) | may_join16(cuts, part_before, part_behind, partial);
    }
    if (cuts.guards) {
      const __m512i sixteen = _mm512_mask_i32gather_epi32(zero, there, _mm512_srli_epi32(right, 4), cuts.guards, 4);
      const __m512i guard = _mm512_srlv_epi32(sixteen, _mm512_slli_epi32(_mm512_and_si512(right, _mm512_set1_epi32(15)), 1));
      const uint32_t behind = _mm512_test_epi32_mask(guard, _mm512_set1_epi32(2));
      joins |= _mm512_test_epi32_mask(guard, one) | static_cast<__mmask16>(behind << 1 | joins_behind);
      joins_behind = behind >> 15;
    }
    cut |= static_cast<uint64_t>(asked & ~joins & 0xFFFF) << first;
  }
  return _pdep_u64(cut, leads);
}

#endif

// Before which of these characters of a block a piece may be cut, as far as that can be seen for many at a time; what is left to be asked stays in
// `candidates`. Each must lie in the block.
MERGANSER_INLINE uint64_t cuts_together(const CutView& cuts, const uint8_t* at, uint64_t& candidates) {
#if defined(__AVX512F__)
  const __m512i bytes = _mm512_loadu_si512(at);
  const uint64_t leads3 = _mm512_cmpeq_epi8_mask(_mm512_and_si512(bytes, _mm512_set1_epi8(static_cast<char>(0xF0))), _mm512_set1_epi8(static_cast<char>(0xE0)));
  const uint64_t leads = leads3 & ~uint64_t{0} >> 2;
  const uint64_t pairs = candidates & leads & leads << 3;
  candidates &= ~pairs;
  return pairs ? cuts_between3(cuts, at, pairs, leads) : 0;
#else
  (void)cuts, (void)at, (void)candidates;
  return 0;
#endif
}

// Which of these wide letters a piece may be cut before.
inline uint64_t safe_cuts(const CutView& cuts, const uint8_t* at, uint64_t candidates) {
  candidates &= ~uint64_t{1};
  uint64_t found = cuts_together(cuts, at, candidates);
  uint32_t next = 0, left = 0;  // where the character `left` ends
  for (; candidates; candidates &= candidates - 1) {
    const uint32_t i = static_cast<uint32_t>(__builtin_ctzll(candidates));
    if (i != next) left = decode(at + previous_start(at, i)).value;
    const uint32_t right = (at[i] & 0x0Fu) << 12 | (at[i + 1] & 0x3Fu) << 6 | (at[i + 2] & 0x3Fu);
    found |= static_cast<uint64_t>(!cuts.may_join(left, right, at + i)) << i;
    left = right;
    next = i + 3;
  }
  return found;
}

// Runs a family over the text. `Family::starts(view, at, text, ends_text)` gives the mask of starts behind `at` in the block, and says whether it reaches the text's end;
// `Family::one(view, at, end)` is the end of the piece at `at`.
template <typename Family>
MERGANSER_INLINE uint32_t scan_blocks(const ScannerView& view, const uint8_t*& position, const ScanText& text, uint32_t* ends, uint32_t capacity) {
  const uint8_t* at = position;
  uint32_t count = 0;
  while (at < text.end && count < capacity) {
    if (text.readable_end - at >= 64) [[likely]] {
      bool ends_text = false;
      const uint64_t starts = Family::starts(view, at, text, ends_text);
      const uint32_t offset = static_cast<uint32_t>(at - text.base);
      count += write_bits(starts, offset, ends + count);
      if (ends_text) {
        at = text.end;
        ends[count++] = static_cast<uint32_t>(at - text.base);
        break;
      }
      if (starts != 0) [[likely]] {
        at += 63 - __builtin_clzll(starts);
        continue;
      }
    }
    at = Family::one(view, at, text.end);
    ends[count++] = static_cast<uint32_t>(at - text.base);
  }
  position = at;
  return count;
}

}  // namespace merganser::text::MERGANSER_ISA_NS
