#include "merganser/clustering/products.hpp"

#include <algorithm>
#include <vector>

#include "merganser/clustering/packed_rows.hpp"
#include "merganser/parallel/parallel_for.hpp"

namespace merganser::clustering {
namespace {

constexpr size_t kRows = 240;
// Below every score of vectors that are let in: those are above −10³⁸.
constexpr float kNeverBest = -3e38f;

PackedRows pack(const Matrix& matrix, size_t dims, float padding) {
  PackedRows packed(matrix.rows, dims, padding);
  for (size_t row = 0; row < matrix.rows; ++row) packed.set(row, matrix.data + row * dims);
  return packed;
}

Rows rows_from(const Matrix& matrix, size_t dims, size_t begin) {
  return {matrix.data + begin * dims, dims, std::min(kRows, matrix.rows - begin)};
}

}  // namespace

void products(const Matrix& left, const Matrix& right, size_t dims, unsigned threads, float* out) {
  static const auto scores = MERGANSER_SELECT(all_scores);
  const PackedRows packed = pack(right, dims, 0);
  const size_t stride = packed.view().count * kPanel;
  parallel::parallel_for(threads, (left.rows + kRows - 1) / kRows, [&](size_t block) {
    const Rows rows = rows_from(left, dims, block * kRows);
    float* const to = out + block * kRows * right.rows;
    if (stride == right.rows) {
      scores(rows, packed.view(), to, stride);
      return;
    }
    std::vector<float> padded(rows.count * stride);
    scores(rows, packed.view(), padded.data(), stride);
    for (size_t i = 0; i < rows.count; ++i) std::copy_n(padded.data() + i * stride, right.rows, to + i * right.rows);
  });
}

void greatest_products(const Matrix& left, const Matrix& right, size_t dims, unsigned threads, uint32_t* columns, float* values) {
  static const auto best = MERGANSER_SELECT(best_slots);
  const PackedRows packed = pack(right, dims, kNeverBest);
  parallel::parallel_for(threads, (left.rows + kRows - 1) / kRows, [&](size_t block) {
    best(rows_from(left, dims, block * kRows), packed.view(), columns + block * kRows, values + block * kRows);
  });
}

}  // namespace merganser::clustering
