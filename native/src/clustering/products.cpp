#include "merganser/clustering/products.hpp"

#include <algorithm>
#include <vector>

#include "merganser/clustering/score_panels.hpp"
#include "merganser/parallel/parallel_for.hpp"

namespace merganser::clustering {
namespace {

constexpr size_t kRows = 240;
constexpr float kNeverBest = -1e30f;

// Rows as panels; their half norms are zero, so that scores are products.
class PackedRows {
 public:
  PackedRows(const Matrix& matrix, size_t dims, float padding)
      : panels_((matrix.rows + kPanel - 1) / kPanel), dims_(dims), memory_(panels_ * kPanel * (dims + 1) + 16) {
    packed_ = memory_.data() + (64 - reinterpret_cast<uintptr_t>(memory_.data()) % 64) % 64 / sizeof(float);
    halves_ = packed_ + panels_ * kPanel * dims;
    std::fill(halves_ + matrix.rows, halves_ + panels_ * kPanel, padding);
    for (size_t row = 0; row < matrix.rows; ++row) {
      float* const packed = packed_ + row / kPanel * dims * kPanel + row % kPanel;
      for (size_t dim = 0; dim < dims; ++dim) packed[dim * kPanel] = matrix.data[row * dims + dim];
    }
  }
  Panels view() const { return {packed_, halves_, panels_, dims_}; }

 private:
  size_t panels_, dims_;
  std::vector<float> memory_;
  float *packed_, *halves_;
};

Rows rows_from(const Matrix& matrix, size_t dims, size_t begin) {
  return {matrix.data + begin * dims, dims, std::min(kRows, matrix.rows - begin)};
}

}  // namespace

void products(const Matrix& left, const Matrix& right, size_t dims, unsigned threads, float* out) {
  static const auto scores = MERGANSER_SELECT(all_scores);
  const PackedRows packed(right, dims, 0);
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
  const PackedRows packed(right, dims, kNeverBest);
  parallel::parallel_for(threads, (left.rows + kRows - 1) / kRows, [&](size_t block) {
    best(rows_from(left, dims, block * kRows), packed.view(), columns + block * kRows, values + block * kRows);
  });
}

}  // namespace merganser::clustering
