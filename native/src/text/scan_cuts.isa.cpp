// Text without a pre-tokenizer, cut where nothing can merge across (bpe/safe_cuts.hpp).
//
// 64 bytes become masks of four classes. Between most classes either every pair of characters may join or none, and then the mask of cuts is Boolean algebra; where it
// depends on the characters (mostly among punctuation) and around characters that are not ASCII the pair is looked up. Not to cut is never wrong, so letters among
// themselves and whatever follows a blank are left alone. The next block begins with the last character of this one, wherever the cuts are: so the processor can
// be at several blocks at once.
#include <cstddef>

#include "merganser/text/scan_blocks.hpp"

namespace merganser::text::MERGANSER_ISA_NS {
namespace {

MERGANSER_INLINE uint64_t first_bits(uint32_t size) { return size == 64 ? ~uint64_t{0} : (uint64_t{1} << size) - 1; }

// Which 64 bytes are looked at.
struct Extent {
  uint32_t size;  // those that are text, up to the end of a character
  uint32_t last;  // where the last character begins
};

MERGANSER_INLINE Extent extent_of(const simd::MERGANSER_ISA_NS::Block64& block, const uint8_t* at, uint32_t size, uint64_t not_ascii) {
  if (!not_ascii) return {size, size - 1};
  // One begins at `at`, whatever stands there: bytes may be changed by others meanwhile.
  const uint64_t starts = ~block.within('\x80', 0x40);
  uint32_t last = 63 - static_cast<uint32_t>(__builtin_clzll((starts & first_bits(size)) | 1));
  if (last > 0 && last + sequence_size(at[last]) > size) {
    size = last;
    last = 63 - static_cast<uint32_t>(__builtin_clzll((starts & first_bits(size)) | 1));
  }
  return {size, last};
}

// Cuts among these places, each in front of a character, and not between two of ASCII, where a table is exact.
MERGANSER_INLINE uint64_t cuts_at_places(const CutView& cuts, const uint8_t* at, uint64_t asked) {
  uint64_t found = 0;
  uint32_t next = 0, left = 0;  // where the last character looked at ends, and which it is
  for (; asked; asked &= asked - 1) {
    const uint32_t i = static_cast<uint32_t>(__builtin_ctzll(asked));
    if (i != next) left = decode(at + previous_start(at, i)).value;
    const CodePoint right = decode(at + i);
    found |= static_cast<uint64_t>(!cuts.may_join(left, right.value, at + i)) << i;
    left = right.value;
    next = i + right.size;
  }
  return found;
}

// Cuts at both ends of the characters that are not ASCII. Letters of alphabets are left alone beside letters and behind a blank, as ASCII's are.
// Between letters and a class of ASCII that none of them joins with every place is a cut, without a look at the pair: so where Russian words end.
MERGANSER_INLINE uint64_t cuts_around_wide(const CutView& cuts, const simd::MERGANSER_ISA_NS::Block64& block, const uint8_t* at, const uint64_t (&classes)[4],
                                           uint64_t not_ascii, uint64_t valid) {
  const uint64_t first = not_ascii & ~block.within('\x80', 0x40);
  const CasedLetters latin = latin_letters(block, valid), cyrillic = cyrillic_letters(block, valid);
  const IndicLetters devanagari = devanagari_letters(block, valid);
  const uint64_t wide = two_bytes(latin.upper | latin.lower | cyrillic.upper | cyrillic.lower) | three_bytes(devanagari.letters | devanagari.marks);
  const uint64_t letters = (classes[kCutLetter] & valid) | wide;
  uint64_t rest = (first | (not_ascii << 1 & ~not_ascii)) & ~(letters & (letters | classes[kCutBlank]) << 1) & valid & ~uint64_t{1};
  uint64_t apart = 0;
  for (const CutClass c : {kCutDigit, kCutBlank, kCutOther}) {
    apart |= (wide << 1 & classes[c] & cuts.apart_behind[c]) | (classes[c] << 1 & wide & cuts.apart_before[c]);
  }
  apart &= rest;
  rest &= ~apart;
  if (rest == 0) return apart;
  const uint64_t found = apart | cuts_together(cuts, at, rest);
  return found | cuts_at_places(cuts, at, rest);
}

// Cuts among the places between two ASCII characters, each of which is asked for.
MERGANSER_INLINE uint64_t asked_cuts(const CutView& cuts, const uint8_t* at, uint64_t ask) {
  uint64_t found = 0;
#if defined(__AVX512F__) && defined(__BMI2__)
  // Sixteen at a time: the two characters, then the row of the left one, a bit of which is the answer.
  if (!cuts.guards) {
    uint32_t places[64 + 16];
    const uint32_t count = write_bits(ask, 0, places);
    uint64_t apart = 0;
    for (uint32_t i = 0; i < count; i += 16) {
      const __mmask16 valid = static_cast<__mmask16>(count - i >= 16 ? 0xFFFF : (1u << (count - i)) - 1);
      const __m512i pair = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), valid, _mm512_loadu_si512(places + i), at - 1, 1);
      const __m512i left = _mm512_and_si512(pair, _mm512_set1_epi32(0x7F)), right = _mm512_and_si512(_mm512_srli_epi32(pair, 8), _mm512_set1_epi32(0x7F));
      const __m512i place = _mm512_add_epi32(_mm512_slli_epi32(left, 2), _mm512_srli_epi32(right, 5));
      const __m512i row = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), valid, place, cuts.ascii, 4);
      const __m512i bit = _mm512_sllv_epi32(_mm512_set1_epi32(1), _mm512_and_si512(right, _mm512_set1_epi32(31)));
      apart |= static_cast<uint64_t>(_mm512_mask_testn_epi32_mask(valid, row, bit)) << i;
    }
    return _pdep_u64(apart, ask);
  }
#endif
  for (; ask; ask &= ask - 1) {
    const uint32_t i = static_cast<uint32_t>(__builtin_ctzll(ask));
    found |= static_cast<uint64_t>(!cuts.may_join(at[i - 1], at[i], at + i)) << i;
  }
  return found;
}

// Bytes that are read from the start of a block.
constexpr std::ptrdiff_t kBlockReads = 64 + 2;

// Where coarse pieces go on: within runs of digits, three by three, and of what is neither letter nor digit nor blank, behind an underscore before a letter, and behind
// a blank before a digit. A run of digits that goes through the start of the block begins anew behind its first character: how many are in front is not known.
MERGANSER_INLINE uint64_t left_together(const simd::MERGANSER_ISA_NS::Block64& block, const uint64_t (&classes)[4]) {
  const uint64_t digit = classes[kCutDigit], other = classes[kCutOther];
  const uint64_t first = digit & (~(digit << 1) | 2);
  const uint64_t inner = digit & digit << 1 & ~digit_groups(digit, first, 3);
  return inner | (other & other << 1) | (classes[kCutLetter] & block.equal('_') << 1) | (digit & classes[kCutBlank] << 1);
}

// The cuts behind `at` within 64 bytes, of which `extent.size` are text; lowers that to what could be decided.
template <CutGrain kGrain>
MERGANSER_INLINE uint64_t block_cuts(const CutView& cuts, const uint8_t* at, Extent& extent) {
  const simd::MERGANSER_ISA_NS::Block64 block(at);
  uint64_t not_ascii = block.not_ascii();
  extent = extent_of(block, at, extent.size, not_ascii & first_bits(extent.size));
  const uint64_t valid = first_bits(extent.size);
  uint64_t classes[4] = {block.letters(), block.within('0', 10), block.equal(' '), 0};
  classes[kCutOther] = ~(classes[0] | classes[1] | classes[2] | not_ascii);
  uint64_t found = 0, ask = 0;
  for (int left = 0; left < 4; ++left) {
    const uint64_t behind = classes[left] << 1;
    for (int right = 0; right < 4; ++right) {
      found |= behind & classes[right] & cuts.never[left][right];
      ask |= behind & classes[right] & cuts.ask[left][right];
    }
  }
  not_ascii &= valid;
  if constexpr (kGrain == CutGrain::coarse) {
    const uint64_t together = left_together(block, classes);
    found &= ~together;
    ask &= ~together;
  }
  if (not_ascii) [[unlikely]] found |= cuts_around_wide(cuts, block, at, classes, not_ascii, valid);
  found |= asked_cuts(cuts, at, ask & valid);
  return found & valid & ~uint64_t{1};
}

// The same where that gives none: each pair of characters is asked for, letters too.
MERGANSER_INLINE uint64_t every_cut(const CutView& cuts, const uint8_t* at, const Extent& extent) {
  const simd::MERGANSER_ISA_NS::Block64 block(at);
  const uint64_t ascii = ~block.not_ascii(), between_ascii = ascii & ascii << 1, places = ~block.within('\x80', 0x40) & first_bits(extent.size) & ~uint64_t{1};
  return asked_cuts(cuts, at, places & between_ascii) | cuts_at_places(cuts, at, places & ~between_ascii);
}

// The first cut behind the character at `at`, or the end.
const uint8_t* one(const CutView& cuts, const uint8_t* at, const uint8_t* end) {
  CodePoint left = decode(at);
  for (at += left.size; at < end; at += left.size) {
    const CodePoint right = decode(at);
    if (!cuts.may_join(left.value, right.value, at)) return at;
    left = right;
  }
  return end;
}

template <CutGrain kGrain>
MERGANSER_INLINE uint32_t scan(const CutView& cuts, const uint8_t*& position, const ScanText& text, uint32_t* ends, uint32_t capacity) {
  const uint8_t* at = position;
  uint32_t count = 0;
  while (at < text.end && count < capacity) {
    if (text.readable_end - at >= kBlockReads) [[likely]] {
      const size_t rest = static_cast<size_t>(text.end - at);
      Extent extent{rest < 64 ? static_cast<uint32_t>(rest) : 64, 0};
      uint64_t found = block_cuts<kGrain>(cuts, at, extent);
      if (found == 0 && extent.size != rest) [[unlikely]] found = every_cut(cuts, at, extent);
      count += write_bits(found, static_cast<uint32_t>(at - text.base), ends + count);
      const size_t looked_at = extent.size == rest ? rest : extent.last;
      at += looked_at;
      // None where a character seems to fill the block: in bytes that are not UTF-8, or not any more.
      if (looked_at > 0) [[likely]] continue;
    }
    at = one(cuts, at, text.end);
    if (at < text.end) ends[count++] = static_cast<uint32_t>(at - text.base);
  }
  if (at == text.end && position < text.end) ends[count++] = static_cast<uint32_t>(at - text.base);
  if (count > 0) position = text.base + ends[count - 1];
  return count;
}

}  // namespace

uint32_t scan_cuts(const CutView& cuts, CutGrain grain, const uint8_t*& position, const ScanText& text, uint32_t* ends, uint32_t capacity) {
  return grain == CutGrain::coarse ? scan<CutGrain::coarse>(cuts, position, text, ends, capacity) : scan<CutGrain::fine>(cuts, position, text, ends, capacity);
}

}  // namespace merganser::text::MERGANSER_ISA_NS
