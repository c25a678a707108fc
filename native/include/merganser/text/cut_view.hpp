// Where a piece may be cut before it is looked up: between two characters that no token holds side by side, not even parts of them, as then no
// merge can reach across. See bpe/safe_cuts.hpp; here is what the scanners read of it.
#pragma once
#include <cstdint>

#include "merganser/simd/inline.hpp"
#include "merganser/simd/instruction_set.hpp"

namespace merganser::text {

struct ScanText;

enum CutClass : uint8_t { kCutLetter, kCutDigit, kCutBlank, kCutOther };  // of ASCII characters

struct CutView {
  uint64_t ascii[128][2];  // pairs of ASCII characters, exactly
  // The same by classes (CutClass): ~0 where no pair of the two classes joins, and where some do and some do not, so that each is to be looked at.
  uint64_t never[4][4], ask[4][4];
  // ~0 where no letter of an alphabet beyond ASCII (the letters and marks of script_masks.hpp but those of wide scripts) joins with an ASCII character of the class
  // that stands behind it, or before it.
  uint64_t apart_behind[4], apart_before[4];
  const uint64_t* pairs;   // of other characters: a Bloom filter with one hash. A false "may join" costs a longer piece, nothing else
  uint32_t pair_shift;
  // Characters that join with whatever stands before (bit 0 of two) or behind (bit 1), those below 0x10000; null if there are none. The filter knows them all:
  // (kAny, right), (left, kAny).
  const uint32_t* guards;
  // Tokens that begin or end within a character, by bytes: [last byte of the left character & 63], bit (first byte of the right & 63). Which of them it is, the
  // filter knows: a character beside the first byte of a part, the last byte of a part beside a character, or parts beside each other.
  uint64_t partial[64];
  uint16_t partial3[64];   // the same where the right character has three bytes: bits by its first byte & 15

  static constexpr uint32_t kAny = 0x1FFFFF, kPartBefore = 0x1A0000, kPartBehind = 0x180000;
  static constexpr uint32_t kLeftFactor = 0x9E3779B1u, kRightFactor = 0x85EBCA77u, kPairFactor = 0xC2B2AE3Du;
  MERGANSER_INLINE uint32_t pair_hash(uint32_t left, uint32_t right) const {
    return ((left * kLeftFactor) ^ (right * kRightFactor)) * kPairFactor >> pair_shift;
  }
  MERGANSER_INLINE bool may_join(uint32_t left, uint32_t right) const {
    if (left < 128 && right < 128) return ascii[left][right >> 6] >> (right & 63) & 1;
    const uint32_t hash = pair_hash(left, right);
    return pairs[hash >> 6] >> (hash & 63) & 1;
  }
  MERGANSER_INLINE bool may_join_parts(uint32_t left, uint32_t right, uint32_t last, uint32_t first) const {
    return may_join(left, kPartBehind | first) || may_join(kPartBefore | last, right) || may_join(kPartBefore | last, kPartBehind | first);
  }
  // `right` stands at `at`.
  MERGANSER_INLINE bool may_join(uint32_t left, uint32_t right, const uint8_t* at) const {
    if (may_join(left, right)) return true;
    if ((partial[at[-1] & 63] >> (at[0] & 63) & 1) && may_join_parts(left, right, at[-1], at[0])) return true;
    return guards && (may_join(kAny, right) || may_join(left, kAny));
  }
};

// Not to cut is never wrong. Fine: at all places between ASCII characters. Coarse: short pieces that often stand side by side stay together (scan_cuts.isa.cpp says which).
enum class CutGrain { fine, coarse };

// Cuts text[position, end): writes the offsets of the pieces' ends from `base` until `capacity` are written (up to 64 more may be) or the text ends,
// which ends a piece, and moves `position` behind the last.
#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  uint32_t scan_cuts(const CutView& cuts, CutGrain grain, const uint8_t*& position, const ScanText& text, uint32_t* ends, uint32_t capacity); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE
// With the processor's best.
uint32_t scan_cuts(const CutView& cuts, CutGrain grain, const uint8_t*& position, const ScanText& text, uint32_t* ends, uint32_t capacity);

}  // namespace merganser::text
