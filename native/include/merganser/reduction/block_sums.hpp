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
  /* products[block][16][16] += inner products of the tokens of `rows` with those of columns[block], over `dims` dimensions: panels are [dims][16]. */ \
  void add_block_products(const float* rows, const float* const* columns, size_t blocks, size_t dims, float* products); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::reduction
