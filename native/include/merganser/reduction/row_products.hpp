// Inner products of a few rows with others, on every instruction set.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/reduction/score_rows.hpp"

namespace merganser::reduction {

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* out[i] = ⟨row, row columns[i] of values⟩, in sixteen partial sums. */ \
  void products_with(const float* row, const float* values, size_t dims, const uint32_t* columns, size_t count, float* out); \
  /* The same of two rows. */ \
  void products_of_two(const float* first, const float* second, const float* values, size_t dims, const uint32_t* columns, size_t count, float* out_first, \
                       float* out_second); \
  /* The same of kRowsTogether rows, where multiplies_together(); else it does nothing. */ \
  bool multiplies_together(); \
  void products_together(const float* const* rows, const float* values, size_t dims, const uint32_t* columns, size_t count, float* const* out); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::reduction
