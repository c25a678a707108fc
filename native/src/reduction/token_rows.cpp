#include "merganser/reduction/token_rows.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "merganser/clustering/row_arithmetic.hpp"
#include "merganser/parallel/parallel_for.hpp"

namespace merganser::reduction {

using clustering::kPanel;

namespace {

// Below every score of vectors that are let in: those are above −10³⁸.
constexpr float kNeverBest = -3e38f;
constexpr size_t kTileMultiple = 48, kMostRows = 240, kMostNumbers = 96 * 1024;

}  // namespace

float unit_scale(double square) {
  const auto scale = static_cast<float>(square > 0 ? 1 / std::sqrt(square) : 0);
  return std::isfinite(scale) ? scale : 0;
}

float greatest_magnitude(const float* values, size_t count, unsigned threads) {
  static const auto greatest = MERGANSER_SELECT_FROM(clustering::, greatest_magnitude);
  constexpr size_t kPiece = size_t{1} << 17;
  const size_t pieces = (count + kPiece - 1) / kPiece;
  std::vector<float> found(pieces);
  parallel::parallel_for(threads, pieces, [&](size_t piece) {
    const size_t first = piece * kPiece;
    found[piece] = greatest(values + first, std::min(kPiece, count - first));
  });
  // Again as magnitudes, for which NaN is above infinity.
  return greatest(found.data(), pieces);
}

double squared_length(const float* row, size_t dims) {
  static const auto of_eights = MERGANSER_SELECT_FROM(clustering::, squared_norm);
  if (dims % 8 == 0) return of_eights(row, dims);
  double sums[8] = {};
  size_t i = 0;
  for (; i + 8 <= dims; i += 8) {
    for (size_t lane = 0; lane < 8; ++lane) sums[lane] += static_cast<double>(row[i + lane]) * static_cast<double>(row[i + lane]);
  }
  for (size_t lane = 0; i < dims; ++i, ++lane) sums[lane] += static_cast<double>(row[i]) * static_cast<double>(row[i]);
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

void squared_lengths(const TokenRows& tokens, size_t first, size_t end, double* squares) {
  static const auto of_eights = MERGANSER_SELECT_FROM(clustering::, squared_norms_before);
  const size_t count = std::min(kLengthsTogether, end - first);
  if (count < kLengthsTogether || tokens.dims % 8 != 0) {
    for (size_t i = 0; i < count; ++i) squares[i] = squared_length(tokens.row(first + i), tokens.dims);
    return;
  }
  const float *rows[kLengthsTogether], *next[kLengthsTogether];
  for (size_t i = 0; i < count; ++i) rows[i] = tokens.row(first + i), next[i] = tokens.row(std::min(first + count + i, end - 1));
  of_eights(rows, tokens.dims, next, squares);
}

TokenPanels::TokenPanels(const TokenRows& tokens, Similarity similarity, unsigned threads)
    : count_((tokens.count + kPanel - 1) / kPanel), dims_(tokens.dims), memory_((count_ * kPanel * (dims_ + 1) + 16) * sizeof(float)) {
  const uintptr_t address = reinterpret_cast<uintptr_t>(memory_.data());
  packed_ = reinterpret_cast<float*>((address + 63) / 64 * 64);
  halves_ = packed_ + count_ * kPanel * dims_;
  static const auto pack_panel = MERGANSER_SELECT_FROM(clustering::, pack_panel);
  constexpr size_t kPanelsOfPiece = 4;
  parallel::parallel_for(threads, (count_ + kPanelsOfPiece - 1) / kPanelsOfPiece, [&](size_t piece) {
    for (size_t panel = piece * kPanelsOfPiece; panel < std::min(count_, (piece + 1) * kPanelsOfPiece); ++panel) {
      const float* rows[kPanel] = {};
      float scales[kPanel] = {};
      for (size_t lane = 0; lane < kPanel; ++lane) {
        const size_t token = panel * kPanel + lane;
        halves_[token] = kNeverBest;
        if (token >= tokens.count) continue;
        rows[lane] = tokens.row(token);
        const double square = squared_length(rows[lane], dims_);
        const bool unit = similarity == Similarity::cosine;
        halves_[token] = unit ? 0 : static_cast<float>(-square / 2);
        scales[lane] = unit ? unit_scale(square) : 1;
      }
      pack_panel(rows, scales, dims_, packed_ + panel * kPanel * dims_);
    }
  });
}

clustering::Panels TokenPanels::view(size_t first, size_t count) const {
  return {packed_ + first * kPanel * dims_, halves_ + first * kPanel, count, dims_};
}

StagedRows::StagedRows(const TokenRows& tokens, size_t first, size_t count, Similarity similarity)
    : stride_(tokens.dims + kPanel), count_(count), rows_(new float[count * stride_]), squares_(new double[count]) {
  static const auto scale_row = MERGANSER_SELECT_FROM(clustering::, scale_row);
  for (size_t i = 0; i < count; ++i) {
    const float* const from = tokens.row(first + i);
    squares_[i] = squared_length(from, tokens.dims);
    const float scale = similarity == Similarity::cosine ? unit_scale(squares_[i]) : 1;
    scale_row(from, scale, tokens.dims, rows_.get() + i * stride_);
  }
}

size_t rows_of_piece(size_t count, size_t dims, unsigned threads) {
  const size_t wanted = count / (threads * 4 + 1), most = std::clamp(kMostNumbers / dims / kTileMultiple * kTileMultiple, kTileMultiple, kMostRows);
  return std::clamp((wanted + kTileMultiple - 1) / kTileMultiple * kTileMultiple, kTileMultiple, most);
}

}  // namespace merganser::reduction
