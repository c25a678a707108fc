#include "merganser/reduction/token_rows.hpp"

#include <algorithm>
#include <cmath>

#include "merganser/parallel/parallel_for.hpp"

namespace merganser::reduction {

using clustering::kPanel;

namespace {

// Below every score of vectors that are let in: those are above −10³⁸.
constexpr float kNeverBest = -3e38f;
constexpr size_t kTileMultiple = 48, kMostRows = 240;

double unit_scale(double square) { return square > 0 ? 1 / std::sqrt(square) : 0; }

}  // namespace

double squared_length(const float* row, size_t dims) {
  double sums[8] = {};
  size_t i = 0;
  for (; i + 8 <= dims; i += 8) {
    for (size_t lane = 0; lane < 8; ++lane) sums[lane] += static_cast<double>(row[i + lane]) * static_cast<double>(row[i + lane]);
  }
  for (size_t lane = 0; i < dims; ++i, ++lane) sums[lane] += static_cast<double>(row[i]) * static_cast<double>(row[i]);
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

TokenPanels::TokenPanels(const TokenRows& tokens, Similarity similarity, unsigned threads)
    : count_((tokens.count + kPanel - 1) / kPanel), dims_(tokens.dims), memory_(new float[count_ * kPanel * (dims_ + 1) + 16]) {
  packed_ = memory_.get() + (64 - reinterpret_cast<uintptr_t>(memory_.get()) % 64) % 64 / sizeof(float);
  halves_ = packed_ + count_ * kPanel * dims_;
  constexpr size_t kPanelsOfPiece = 4;
  parallel::parallel_for(threads, (count_ + kPanelsOfPiece - 1) / kPanelsOfPiece, [&](size_t piece) {
    for (size_t panel = piece * kPanelsOfPiece; panel < std::min(count_, (piece + 1) * kPanelsOfPiece); ++panel) {
      float* const to = packed_ + panel * kPanel * dims_;
      for (size_t lane = 0; lane < kPanel; ++lane) {
        const size_t token = panel * kPanel + lane;
        if (token >= tokens.count) {
          halves_[token] = kNeverBest;
          for (size_t dim = 0; dim < dims_; ++dim) to[dim * kPanel + lane] = 0;
          continue;
        }
        const float* const from = tokens.row(token);
        const double square = squared_length(from, dims_);
        const bool unit = similarity == Similarity::cosine;
        halves_[token] = unit ? 0 : static_cast<float>(-square / 2);
        const float scale = unit ? static_cast<float>(unit_scale(square)) : 1;
        for (size_t dim = 0; dim < dims_; ++dim) to[dim * kPanel + lane] = from[dim] * scale;
      }
    }
  });
}

clustering::Panels TokenPanels::view(size_t first, size_t count) const {
  return {packed_ + first * kPanel * dims_, halves_ + first * kPanel, count, dims_};
}

StagedRows::StagedRows(const TokenRows& tokens, size_t first, size_t count, Similarity similarity)
    : stride_(tokens.dims + kPanel), count_(count), rows_(new float[count * stride_]), squares_(new double[count]) {
  for (size_t i = 0; i < count; ++i) {
    const float* const from = tokens.row(first + i);
    squares_[i] = squared_length(from, tokens.dims);
    const float scale = similarity == Similarity::cosine ? static_cast<float>(unit_scale(squares_[i])) : 1;
    float* const to = rows_.get() + i * stride_;
    for (size_t dim = 0; dim < tokens.dims; ++dim) to[dim] = from[dim] * scale;
  }
}

size_t rows_of_piece(size_t count, unsigned threads) {
  const size_t wanted = count / (threads * 4 + 1);
  return std::clamp((wanted + kTileMultiple - 1) / kTileMultiple * kTileMultiple, kTileMultiple, kMostRows);
}

}  // namespace merganser::reduction
