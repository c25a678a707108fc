// Letters of the scripts that most text beyond ASCII is written in, told by their bytes, 64 at a time: looked up one by one, each would cost more than
// a whole piece of English. Bits stand for first bytes of characters that lie inside `valid` with all their bytes. For kernels (*.isa.cpp) only.
//
// Unicode's tables are taken at their word here: a test runs every character of these blocks through the scanners.
#pragma once
#include <cstdint>

#include "merganser/simd/block64.hpp"
#include "merganser/simd/inline.hpp"

namespace merganser::text::MERGANSER_ISA_NS {

using simd::MERGANSER_ISA_NS::Block64;

// The bytes of characters, from their first bytes.
MERGANSER_INLINE uint64_t two_bytes(uint64_t first) { return first | first << 1; }
MERGANSER_INLINE uint64_t three_bytes(uint64_t first) { return first | first << 1 | first << 2; }

struct CasedLetters {
  uint64_t upper = 0, lower = 0;
};

// Latin-1 (C3; × and ÷ are none) and Latin Extended-A (C4, C5), where upper case is even or odd.
MERGANSER_INLINE CasedLetters latin_letters(const Block64& block, uint64_t valid) {
  CasedLetters letters;
  const uint64_t leads = block.within('\xC3', 3) & valid >> 1;
  if (leads == 0) return letters;
  const uint64_t c3 = leads & block.equal('\xC3') & ~((block.equal('\x97') | block.equal('\xB7')) >> 1);
  letters.upper = c3 & block.within('\x80', 0x1F) >> 1;
  letters.lower = c3 & ~letters.upper;
  const uint64_t c5 = leads & block.equal('\xC5'), c4 = leads & block.equal('\xC4');
  if ((c4 | c5) == 0) return letters;
  const uint64_t odd = block.odd() >> 1;
  const uint64_t even_upper = (c4 & block.within('\x80', 0x38) >> 1) | (c5 & block.within('\x8A', 0x2F) >> 1);
  const uint64_t odd_upper = (c4 & block.within('\xB8', 8) >> 1) | (c5 & (block.within('\x80', 9) | block.within('\xB9', 6)) >> 1);
  letters.upper |= (even_upper & ~odd) | (odd_upper & odd);
  letters.lower |= (even_upper & odd) | (odd_upper & ~odd);
  return letters;
}

// U+0400..045F (D0, and D1 up to 9F).
MERGANSER_INLINE CasedLetters cyrillic_letters(const Block64& block, uint64_t valid) {
  CasedLetters letters;
  const uint64_t leads = block.within('\xD0', 2) & valid >> 1;
  if (leads == 0) return letters;
  const uint64_t d0 = leads & block.equal('\xD0');
  letters.upper = d0 & block.within('\x80', 0x30) >> 1;
  letters.lower = (d0 & ~letters.upper) | (leads & ~d0 & block.within('\x80', 0x20) >> 1);
  return letters;
}

struct WideLetters {
  uint64_t han = 0;     // U+4E00..9FFF (E4 B8 … E9)
  uint64_t kana = 0;    // U+3041..3096, U+30A1..30FF without U+30FB (E3 81 … E3 83)
  uint64_t hangul = 0;  // U+AC00..D77F (EA B0 … ED 9D)
  uint64_t all() const { return han | kana | hangul; }
};

MERGANSER_INLINE WideLetters wide_letters(const Block64& block, uint64_t valid) {
  WideLetters letters;
  const uint64_t leads = block.within('\xE3', 11) & valid >> 2;
  if (leads == 0) return letters;
  letters.han = leads & (block.within('\xE5', 5) | (block.equal('\xE4') & block.within('\xB8', 8) >> 1));
  if (const uint64_t e3 = leads & block.equal('\xE3')) {
    letters.kana = e3 & ((block.equal('\x81') >> 1 & ~(block.equal('\x80') >> 2)) | (block.equal('\x82') >> 1 & ~(block.within('\x97', 10) >> 2)) |
                         (block.equal('\x83') >> 1 & ~(block.equal('\xBB') >> 2)));
  }
  if (const uint64_t rest = leads & block.within('\xEA', 4)) {
    letters.hangul = rest & (block.within('\xEB', 2) | (block.equal('\xEA') & block.within('\xB0', 16) >> 1) | (block.equal('\xED') & block.within('\x80', 0x1E) >> 1));
  }
  return letters;
}

struct IndicLetters {
  uint64_t letters = 0, marks = 0;
};

// U+0900..097F (E0 A4, E0 A5) without its digits and signs.
MERGANSER_INLINE IndicLetters devanagari_letters(const Block64& block, uint64_t valid) {
  IndicLetters found;
  const uint64_t e0 = block.equal('\xE0') & valid >> 2;
  if (e0 == 0) return found;
  const uint64_t a4 = e0 & block.equal('\xA4') >> 1, a5 = e0 & block.equal('\xA5') >> 1;
  found.letters = (a4 & (block.within('\x84', 0x36) | block.equal('\xBD')) >> 2) |
                  (a5 & (block.equal('\x90') | block.within('\x98', 10) | block.within('\xB1', 15)) >> 2);
  found.marks = (a4 & (block.within('\x80', 4) | block.within('\xBA', 3) | block.within('\xBE', 2)) >> 2) |
                (a5 & (block.within('\x80', 16) | block.within('\x91', 7) | block.within('\xA2', 2)) >> 2);
  return found;
}

}  // namespace merganser::text::MERGANSER_ISA_NS
