// What becomes of scores while they are in the cache, on every instruction set: sums of exponentials, rows worth a closer look, sums of rows.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/simd/instruction_set.hpp"

namespace merganser::reduction {

constexpr size_t kRowsTogether = 4;

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* Adds ELU(score − margin) of each row's first `columns` scores to its sum, and, unless null, of each column's scores to its sum. A row has room for 64 numbers. */ \
  void add_elu(const float* scores, size_t stride, size_t rows, size_t columns, float margin, double* row_sums, double* column_sums); \
  /* Rows with a score above their threshold, among 64. Returns their number. */ \
  size_t rows_above(const float* scores, size_t stride, size_t rows, const float* thresholds, uint32_t* list); \
  /* out = Σ weights[i] × row columns[i] of values, each number a chain of fused multiply-adds. */ \
  void combine_row(const float* values, size_t dims, const uint32_t* columns, const float* weights, size_t count, float* out); \
  /* The same, and the greatest magnitude of the numbers of those rows: infinite or NaN if any is. */ \
  float combine_row_and_measure(const float* values, size_t dims, const uint32_t* columns, const float* weights, size_t count, float* out); \
  /* So many rows are combined together, and share what is loaded. 1: there are not enough registers, and combine_together does nothing. */ \
  size_t rows_together(); \
  /* kRowsTogether such sums with the same columns: weights[entry][row] counts where bit `row` of members[entry] is set. */ \
  void combine_together(const float* values, size_t dims, const uint32_t* columns, const float* weights, const uint8_t* members, size_t count, float* const* out); \
  /* Each number times `factor` in double precision, rounded once. */ \
  void multiply_row(float* row, size_t dims, double factor); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::reduction
