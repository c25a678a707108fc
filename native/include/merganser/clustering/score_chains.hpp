// Scores of pairs of rows, with the bits of the tiles of score_panels, on every instruction set.
#pragma once
#include <cstddef>

#include "merganser/simd/instruction_set.hpp"

namespace merganser::clustering {

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* sums[i] += left_scales[i] left[i][dim] × right_scales[i] right[i][dim], one fused multiply-add after the other, for 16 pairs of rows. */ \
  void add_chains(const float* const* left, const float* left_scales, const float* const* right, const float* right_scales, size_t dims, float* sums); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::clustering
