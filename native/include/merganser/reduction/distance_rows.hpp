// What becomes of rows of squared distances, on every instruction set.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/simd/instruction_set.hpp"

namespace merganser::reduction {

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* Scores ⟨x, y⟩ − ½‖y‖² become sign × ‖x − y‖², of which the square is at least 0, where they stand; lengths: ‖x‖² of each row. A row has room for 64 numbers. */ \
  void scores_to_squares(float* scores, size_t stride, size_t rows, const float* lengths, float sign); \
  /* The `few` least numbers of a row, ascending. few ≤ count; room: a multiple of 16, infinite behind `count`. */ \
  void least_of_row(const float* row, size_t room, size_t few, float* least); \
  /* The least number of those whose rank is below `rank`; infinity if none is. Both arrays have `room` numbers, a multiple of 16. */ \
  float least_before(const float* row, const float* ranks, size_t room, float rank); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::reduction
