// Rows of embedding tables. Mirrors sumRows and gatherRows of lib/backend/dynamic-kernels.ts, where everything is documented.
#pragma once
#include <cstddef>
#include <cstdint>

namespace merganser::dynamic {

struct RowSums {
  const float* table;
  size_t width;
  const uint32_t* parts;
  const uint32_t* offsets;
  size_t rows;
  const double* weights;  // null: the mean
};

void sum_rows(const RowSums& sums, float* out);
void gather_rows(const float* first, size_t first_rows, const float* second, size_t width, const uint32_t* rows, size_t count, float* out);

}  // namespace merganser::dynamic
