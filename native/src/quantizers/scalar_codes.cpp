#include "merganser/quantizers/scalar_codes.hpp"

#include <algorithm>
#include <cmath>

#include "merganser/clustering/greatest_square.hpp"

namespace merganser::quantizers {
namespace {

using namespace clustering;

// Numbers that are coded at a time: they stay in the first-level cache.
constexpr size_t kNumbers = 1024;

// The first row that is not finite or too long; `count` if there is none.
size_t first_bad(const float* rows, size_t count, size_t dims) {
  for (size_t row = 0; row < count; ++row, rows += dims) {
    double square = 0;
    for (size_t dim = 0; dim < dims; ++dim) square += static_cast<double>(rows[dim]) * rows[dim];
    if (!(square < kGreatestSquare)) return row;
  }
  return count;
}

// Whether a number may be of a row that is too long.
bool any_reaches(const float* numbers, size_t count, float limit) {
  uint32_t reached = 0;
  for (size_t i = 0; i < count; ++i) reached |= !(std::fabs(numbers[i]) < limit);
  return reached != 0;
}

}  // namespace

void encode_scalars(const PointSet& points, const LevelStarts& levels, uint32_t* codes) {
  static const auto stage = MERGANSER_SELECT_FROM(clustering::, stage_row);
  const size_t dims = points.dims, rows = std::max<size_t>(1, kNumbers / dims), numbers = rows * dims;
  const auto limit = static_cast<float>(std::sqrt(kGreatestSquare / static_cast<double>(dims)) * 0.999);
  const float* const starts = levels.starts.data();
  std::vector<uint32_t> places(numbers), begins(numbers), basis(numbers);
  for (size_t i = 0; i < numbers; ++i) {
    begins[i] = static_cast<uint32_t>(i % dims) * levels.width;
    basis[i] = levels.basis[i % dims];
  }
  std::vector<float> widened(points.type == ElementType::float32 ? 0 : numbers);
  // The rows of a block are one to what widens them.
  const auto block_at = [&](size_t begin, size_t some) {
    if (points.type == ElementType::float32) return static_cast<const float*>(points.data) + begin * dims;
    const auto* const from = static_cast<const uint16_t*>(points.data) + begin * dims;
    stage({from, points.type, some * dims, nullptr, nullptr}, 0, widened.data(), some * dims);
    return static_cast<const float*>(widened.data());
  };
  for (size_t begin = 0; begin < points.count; begin += rows) {
    const size_t some = std::min(rows, points.count - begin), count = some * dims;
    const float* const values = block_at(begin, some);
    if (any_reaches(values, count, limit)) {
      const size_t bad = first_bad(values, some, dims);
      if (bad < some) throw NotFinite(begin + bad);
    }
    // A binary search for all of them at once, without branches.
    std::copy_n(begins.data(), count, places.data());
    for (uint32_t step = levels.width / 2; step > 0; step /= 2) {
      for (size_t i = 0; i < count; ++i) places[i] += values[i] >= starts[places[i] + step - 1] ? step : 0;
    }
    for (size_t i = 0; i < count; ++i) places[i] = (places[i] - begins[i]) * basis[i];
    const uint32_t* place = places.data();
    for (size_t row = begin; row < begin + some; ++row) {
      uint32_t code = 0;
      for (size_t dim = 0; dim < dims; ++dim) code += *place++;
      codes[row] = code;
    }
  }
}

}  // namespace merganser::quantizers
