#include "merganser/dynamic/chunking.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace merganser::dynamic {
namespace {

// One pass over both rows.
double cosine(const float* a, const float* b, size_t width) {
  double product = 0, a_squares = 0, b_squares = 0;
  for (size_t i = 0; i < width; ++i) {
    const double x = a[i], y = b[i];
    product += x * y;
    a_squares += x * x;
    b_squares += y * y;
  }
  const double norms = std::sqrt(a_squares) * std::sqrt(b_squares);
  return norms > 0 ? product / norms : 0;
}

}  // namespace

void route_rows(const float* queries, const float* keys, size_t width, const uint32_t* offsets, size_t sequences, float* probabilities) {
  for (size_t s = 0; s < sequences; ++s) {
    for (size_t t = offsets[s]; t < offsets[s + 1]; ++t) {
      const double apart = t == offsets[s] ? 2 : 1 - cosine(queries + (t - 1) * width, keys + t * width, width);
      probabilities[t] = static_cast<float>(std::clamp(apart / 2, 0.0, 1.0));
    }
  }
}

// The averages of all columns go on side by side, so that the compiler can use vectors; each depends on the row before.
void average_rows(const float* rows, const float* probabilities, size_t width, const uint32_t* offsets, size_t sequences, float* out) {
  std::vector<double> averages(width);
  double* const average = averages.data();
  for (size_t s = 0; s < sequences; ++s) {
    std::fill(averages.begin(), averages.end(), 0.0);
    for (size_t k = offsets[s]; k < offsets[s + 1]; ++k) {
      const double p = probabilities[k];
      for (size_t i = 0; i < width; ++i) {
        average[i] = p * static_cast<double>(rows[k * width + i]) + (1 - p) * average[i];
        out[k * width + i] = static_cast<float>(average[i]);
      }
    }
  }
}

}  // namespace merganser::dynamic
