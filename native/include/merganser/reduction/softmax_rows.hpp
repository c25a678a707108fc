// Weights that fall with distances, on every instruction set.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/simd/instruction_set.hpp"

namespace merganser::reduction {

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* weights = 2^(rate × (least square of the row − square)), divided by their sum or, `squared`, by their length. Row r has the entries [offsets[r], offsets[r + 1]); weights may be the squares. */ \
  void softmax_rows(const uint32_t* offsets, size_t rows, const float* squares, float rate, bool squared, float* weights); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::reduction
