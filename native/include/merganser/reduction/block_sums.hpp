// Sums of rows of blocks, on every instruction set.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/simd/instruction_set.hpp"

namespace merganser::reduction {

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* sums[panels][16] = Σ weights[i] × the rows of places[i] in its panel's blocks. blocks: [panels][panels] numbers of blocks of squares, [16][16] each. */ \
  void sum_block_rows(const float* squares, const uint32_t* blocks, size_t panels, const uint32_t* places, const float* weights, size_t count, float* sums); \
  /* products[r][c], of sixteen tokens with sixteen, becomes left[r] + right[c] − 2 products[r][c], but no less than 0. */ \
  void products_to_squares(float* products, const float* left, const float* right); \
  /* to[blocks][16][16] += from[16][from_stride], where the blocks stand side by side. */ \
  void add_to_blocks(const float* from, size_t from_stride, size_t blocks, float* to); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::reduction
