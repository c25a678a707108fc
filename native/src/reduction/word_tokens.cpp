#include "merganser/reduction/word_tokens.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "merganser/parallel/parallel_for.hpp"

namespace merganser::reduction {

using clustering::kPanel;

namespace {

constexpr size_t kLeastTokens = 64, kCacheLine = 64;
// Rows whose sums are found together: as many whatever the threads, so that sums have the same bits.
constexpr size_t kRows = 8 * kPanel;

}  // namespace

bool WordTokens::pays(size_t tokens, size_t dims) {
  static const bool fast = MERGANSER_SELECT(multiplies_words)();
  return fast && tokens >= kLeastTokens && dims >= kWordBlock;
}

WordTokens::WordTokens(const TokenRows& tokens, unsigned threads)
    : count_(tokens.count),
      stride_(whole(tokens.dims, kWordStep)),
      memory_((2 * whole(count_, kPanel) + kWordRowsBehind) * stride_ * sizeof(int16_t) + count_ * stride_ + kCacheLine),
      packed_(reinterpret_cast<int16_t*>(whole(reinterpret_cast<uintptr_t>(memory_.data()), kCacheLine))),
      scales_(whole(count_, kPanel) + kWordRowsBehind),
      squares_(count_),
      left_out_(count_) {
  static const auto round = MERGANSER_SELECT(to_words);
  static const auto pack = MERGANSER_SELECT(pack_word_panel);
  static const auto find_left_out = MERGANSER_SELECT(left_out);
  const size_t padded = whole(count_, kPanel), pieces = (count_ + kRows - 1) / kRows;
  codes_ = packed_ + padded * stride_;
  std::memset(codes_ + count_ * stride_, 0, (padded - count_) * stride_ * sizeof(int16_t));
  int8_t* const rests = reinterpret_cast<int8_t*>(codes_ + (padded + kWordRowsBehind) * stride_);
  std::vector<float> sums(2 * pieces * stride_);
  parallel::parallel_for(threads, pieces, [&](size_t piece) {
    const size_t last = std::min(count_, (piece + 1) * kRows);
    float* const own = sums.data() + 2 * piece * stride_;
    for (size_t i = piece * kRows; i < last; ++i) {
      const float* const row = tokens.row(i);
      if (i % kLengthsTogether == 0) squared_lengths(tokens, i, count_, squares_.data() + i);
      scales_[i] = round(row, tokens.dims, unit_scale(squares_[i]), codes_ + i * stride_, rests + i * stride_, {own, own + stride_});
    }
    for (size_t i = piece * kRows; i < last; i += kPanel) pack(codes_ + i * stride_, stride_, packed_ + i * stride_);
  });
  for (size_t piece = 2 * stride_; piece < sums.size(); piece += 2 * stride_) {
    for (size_t at = 0; at < 2 * stride_; ++at) sums[at] += sums[piece + at];
  }
  parallel::parallel_for(threads, pieces, [&](size_t piece) {
    for (size_t i = piece * kRows; i < std::min(count_, (piece + 1) * kRows); ++i) {
      const float sum = find_left_out(codes_ + i * stride_, rests + i * stride_, stride_, {sums.data(), sums.data() + stride_});
      // Of a token whose numbers are that small nothing was kept.
      const bool known = scales_[i] > 0 || unit_scale(squares_[i]) == 0;
      left_out_[i] = known ? static_cast<double>(sum * scales_[i]) / static_cast<double>(count_) : std::numeric_limits<double>::quiet_NaN();
    }
  });
}

WordPanels WordTokens::panels(size_t first, size_t count) const { return {packed_ + first * kPanel * stride_, stride_, scales_.data() + first * kPanel, count}; }

}  // namespace merganser::reduction
