// Scores of pairs of rows, with the bits of the tiles of score_panels, on every instruction set.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/simd/instruction_set.hpp"

namespace merganser::clustering {

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* sums[i] += left_scales[i] left[i][dim] × right_scales[i] right[i][dim], one fused multiply-add after the other, for 16 pairs of rows. */ \
  void add_chains(const float* const* left, const float* left_scales, const float* const* right, const float* right_scales, size_t dims, float* sums); \
  /* out[i] = ⟨row, row slots[i] of values⟩, but for rounding. Rows are `padded` long, a multiple of 8. */ \
  void listed_products(const float* row, const float* values, size_t padded, const uint32_t* slots, size_t count, float* out); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::clustering
