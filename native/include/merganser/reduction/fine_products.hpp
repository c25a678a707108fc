// Products of tokens in two or three bytes a number, by matrix tiles: within 2⁻¹⁵ or 2⁻²³ of the tokens' greatest numbers, and several times as fast as in single precision. For processors with
// has_matrix_tiles() only: other variants do nothing.
//
// A number is about scale × (q₁ + q₂/254 + q₃/254²) with whole numbers of −127 … 127. Of the products of these those that weigh least are left out: q₂q₂ of two bytes, q₂q₃ and q₃q₃ of three. All
// others are whole numbers, added up exactly in one sum for each weight.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/simd/instruction_set.hpp"

namespace merganser::reduction {

constexpr size_t kFineRows = 16, kFinePair = 32, kFineDims = 64;
constexpr size_t kMostFineBytes = 3;

// Vectors of `steps` times 64 dimensions, padded with zeros, in `bytes` bytes a number.
struct FineShape {
  size_t steps, bytes;
  size_t of_one() const { return steps * kFineDims; }
  size_t row() const { return bytes * of_one(); }
  size_t pair() const { return kFinePair * row(); }
};

// A row is the q₁ of all dimensions, then their q₂ and q₃. A pair of panels is the same of 32 vectors: byte[four dimensions][32][4].
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
  float off;      // how far off all of them are
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
  /* length: at least ‖row‖. rests: null, or of two bytes. */ \
  FineForm to_fine_bytes(const float* row, size_t dims, float length, const FineShape& shape, int8_t* codes, const FineRests* rests); \
  /* Σ over all tokens of ⟨row, token⟩ less what fine_scores makes of it, divided by the row's scale. */ \
  float fine_left_out(const int8_t* codes, const int8_t* rests, const FineShape& shape, const FineTotals& totals); \
  /* 32 rows, one behind the other, as a pair of panels. */ \
  void pack_fine_pair(const int8_t* rows, const FineShape& shape, int8_t* pair); \
  /* out[row × stride + column] = ⟨row, column⟩ + half of the column, for the rows and all columns of the pairs. */ \
  void fine_scores(const FineRows& rows, const FinePairs& pairs, const FineShape& shape, float* out, size_t stride); \
  /* What the `few` greatest scores are at least, of columns below the rank if `ranks` are given: the count is a multiple of 16, few ≤ 16. */ \
  float floor_of_greatest(const float* scores, size_t count, const float* ranks, float rank, size_t few); \
  /* Appends the columns whose scores are above the threshold, and if `ranks` are given those below `rank`, with their scores. count: a multiple of 16. Returns how many there are then. */ \
  size_t take_above(const float* scores, size_t count, const float* ranks, float rank, float threshold, uint32_t first_column, uint32_t* columns, float* values, size_t size); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::reduction
