// Products of tokens in two bytes a number: several times as fast as in single precision by matrix tiles, within 2⁻¹⁵ of the tokens' greatest numbers, and without these up to twice as fast by products
// of 16 bits (word_tiles.hpp). Variants without either do nothing.
//
// By matrix tiles, a number is about scale × (q₁ + q₂/254) with whole numbers of −127 … 127. Of the products of these the one that weighs least, q₂q₂, is left out. The others are whole numbers, added up exactly in one sum
// for each weight.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/simd/instruction_set.hpp"

namespace merganser::reduction {

constexpr size_t kFineRows = 16, kFinePair = 32, kFineDims = 64;
constexpr size_t kFineBytes = 2;

// Vectors padded with zeros to a multiple of 64 dimensions, or of 32 as `words`. words: whole numbers of 16 bits, for processors without matrix tiles.
struct FineShape {
  size_t dims;
  bool words;
  size_t row() const { return kFineBytes * dims; }
  size_t pair() const { return kFinePair * row(); }
};

// A row is the q₁ of all dimensions, then their q₂. A pair of panels is the same of 32 vectors: byte[four dimensions][32][4]. Of words: word[two dimensions][32][2].
struct FineRows {
  const int8_t* codes;
  const float* scales;
  size_t count;  // whole sixteens are read
};

struct FinePairs {
  const int8_t* codes;
  const float* scales;
  const float* halves;  // −½‖c‖², or 0
  size_t count;
};

struct FineForm {
  float scale;
  float off_one;  // how far off one byte alone is: the length of the rest
  float off;      // how far off both are
};

// Some rows of words beside single columns, which stand as rows do.
constexpr size_t kWordRowsTogether = 4;

struct FewWordRows {
  const int8_t* codes[kWordRowsTogether];
  float scales[kWordRowsTogether];
  float squares[kWordRowsTogether];  // ‖row‖²
  size_t count;                      // up to kWordRowsTogether; what is behind them may be anything
};

struct WordColumns {
  const int8_t* codes;
  const float* scales;
  const float* halves;   // −½‖c‖²
  const uint32_t* some;  // which of them; null: the first ones
  size_t count;
};

// Sums over tokens, by dimension: of the tokens times their scale, of what two bytes leave out of them, and of their q₂.
struct FineTotals {
  float* all;
  float* rests;
  float* seconds;
};

// What two bytes leave out of a row: scale × rests / 254². `scale`: what the row is multiplied by, and added to the totals.
struct FineRests {
  int8_t* rests;
  float scale;
  FineTotals totals;
};

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* length: at least ‖row‖. rests: null, or what is left out is to be kept. */ \
  FineForm to_fine_bytes(const float* row, size_t dims, float length, const FineShape& shape, int8_t* codes, const FineRests* rests); \
  /* Σ over all tokens of ⟨row, token⟩ less what fine_scores makes of it, divided by the row's scale. */ \
  float fine_left_out(const int8_t* codes, const int8_t* rests, const FineShape& shape, const FineTotals& totals); \
  /* 32 rows, one behind the other, as a pair of panels. */ \
  void pack_fine_pair(const int8_t* rows, const FineShape& shape, int8_t* pair); \
  /* out[row × stride + column] = ⟨row, column⟩ + half of the column, for the rows and all columns of the pairs. */ \
  void fine_scores(const FineRows& rows, const FinePairs& pairs, const FineShape& shape, float* out, size_t stride); \
  /* out[row][i] = ‖row − column i‖², at least 0: what words leave of it. */ \
  void word_squares(const FewWordRows& rows, const WordColumns& columns, const FineShape& shape, float* const* out); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::reduction
