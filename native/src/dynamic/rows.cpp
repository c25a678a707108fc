#include "merganser/dynamic/rows.hpp"

#include <algorithm>
#include <vector>

namespace merganser::dynamic {

// The sums of a row stay in the nearest cache, whatever the width; the table is read in long stretches.
void sum_rows(const RowSums& sums, float* out) {
  std::vector<double> row_sums(sums.width);
  double* const total = row_sums.data();
  for (size_t row = 0; row < sums.rows; ++row, out += sums.width) {
    std::fill(row_sums.begin(), row_sums.end(), 0.0);
    for (uint32_t part = sums.offsets[row]; part < sums.offsets[row + 1]; ++part) {
      const float* const from = sums.table + sums.parts[part] * sums.width;
      const double weight = sums.weights ? sums.weights[part] : 1.0;
      for (size_t i = 0; i < sums.width; ++i) total[i] += weight * static_cast<double>(from[i]);
    }
    const uint32_t parts = sums.offsets[row + 1] - sums.offsets[row];
    const double count = sums.weights ? 1.0 : static_cast<double>(std::max(parts, 1u));
    for (size_t i = 0; i < sums.width; ++i) out[i] = static_cast<float>(total[i] / count);
  }
}

void gather_rows(const float* first, size_t first_rows, const float* second, size_t width, const uint32_t* rows, size_t count, float* out) {
  for (size_t i = 0; i < count; ++i, out += width) {
    const float* const from = rows[i] < first_rows ? first + rows[i] * width : second + (rows[i] - first_rows) * width;
    std::copy_n(from, width, out);
  }
}

}  // namespace merganser::dynamic
