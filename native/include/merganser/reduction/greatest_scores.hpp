// Which scores of a row are among its greatest, on every instruction set.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/simd/instruction_set.hpp"

namespace merganser::reduction {

// What greatest_of_row finds at most.
constexpr size_t kMostOfRow = 32;

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* The `few` greatest scores of a row, few ≤ count and kMostOfRow: their places and they themselves, the greatest first, of equal ones the first. False: too many others are near them. */ \
  bool greatest_of_row(const float* scores, size_t count, size_t few, uint32_t* places, float* values); \
  /* What the `few` greatest scores are at least, of columns below the rank if `ranks` are given: the count is a multiple of 64, few ≤ 16. */ \
  float floor_of_greatest(const float* scores, size_t count, const float* ranks, float rank, size_t few); \
  /* Appends the columns whose scores are above the threshold, and if `ranks` are given those below `rank`, with their scores. count: a multiple of 16. Returns how many there are then. */ \
  size_t take_above(const float* scores, size_t count, const float* ranks, float rank, float threshold, uint32_t first_column, uint32_t* columns, float* values, size_t size); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::reduction
