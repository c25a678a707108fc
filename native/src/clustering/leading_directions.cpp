#include "merganser/clustering/leading_directions.hpp"

#include <algorithm>
#include <cmath>

#include "merganser/clustering/products.hpp"

namespace merganser::clustering {
namespace {

constexpr int kSteps = 3;

double product(const float* left, const float* right, size_t dims) {
  double sum = 0;
  for (size_t dim = 0; dim < dims; ++dim) sum += static_cast<double>(left[dim]) * static_cast<double>(right[dim]);
  return sum;
}

// dims × dims, of about so many points.
std::vector<float> covariance(const PointBlocks& points, unsigned threads) {
  const size_t dims = points.dims(), sample = std::min(points.size(), std::max<size_t>(1024, 2 * dims));
  std::vector<float> row(points.padded()), by_dimension(dims * sample), result(dims * dims);
  for (size_t i = 0; i < sample; ++i) {
    points.stage(i * points.size() / sample, row.data());
    for (size_t dim = 0; dim < dims; ++dim) by_dimension[dim * sample + i] = row[dim];
  }
  const Matrix matrix{by_dimension.data(), dims};
  products(matrix, matrix, sample, threads, result.data());
  return result;
}

// Gram–Schmidt, twice. What depends on those before becomes zero.
void make_orthogonal(std::vector<float>& rows, size_t dims) {
  const size_t count = rows.size() / dims;
  for (size_t i = 0; i < count; ++i) {
    float* const row = rows.data() + i * dims;
    const double before = std::sqrt(product(row, row, dims));
    for (int round = 0; round < 2; ++round) {
      for (size_t other = 0; other < i; ++other) {
        const float* const from = rows.data() + other * dims;
        const float part = static_cast<float>(product(row, from, dims));
        for (size_t dim = 0; dim < dims; ++dim) row[dim] -= part * from[dim];
      }
    }
    const double length = std::sqrt(product(row, row, dims));
    const float scale = length > 1e-5 * before ? static_cast<float>(1 / length) : 0;
    for (size_t dim = 0; dim < dims; ++dim) row[dim] *= scale;
  }
}

}  // namespace

std::vector<float> leading_directions(const PointBlocks& points, size_t count, unsigned threads) {
  const size_t dims = points.dims();
  const std::vector<float> matrix = covariance(points, threads);
  std::vector<float> directions(count * dims), next(count * dims);
  // Any start will do that is no special place; the same each time.
  uint32_t state = 1;
  for (float& value : directions) value = static_cast<float>(static_cast<int32_t>(state = state * 1664525u + 1013904223u)) * 0x1p-31f;
  for (int step = 0; step < kSteps; ++step) {
    products({directions.data(), count}, {matrix.data(), dims}, dims, threads, next.data());
    // Lengths near 1 keep the products finite.
    for (size_t i = 0; i < count; ++i) {
      float* const row = next.data() + i * dims;
      float most = 0;
      for (size_t dim = 0; dim < dims; ++dim) most = std::max(most, std::abs(row[dim]));
      for (size_t dim = 0; dim < dims; ++dim) row[dim] = most > 0 && std::isfinite(most) ? row[dim] / most : 0;
    }
    make_orthogonal(next, dims);
    directions.swap(next);
  }
  return directions;
}

double orthogonality_defect(const std::vector<float>& directions, size_t dims) {
  double squares = 0;
  const size_t count = directions.size() / dims;
  for (size_t i = 0; i < count; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      const double off = product(directions.data() + i * dims, directions.data() + j * dims, dims) - (i == j ? 1 : 0);
      squares += (i == j ? 1 : 2) * off * off;
    }
  }
  return std::sqrt(squares);
}

}  // namespace merganser::clustering
