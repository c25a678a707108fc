#include "merganser/reduction/byte_tokens.hpp"

#include <algorithm>
#include <cmath>

#include "merganser/clustering/row_arithmetic.hpp"
#include "merganser/parallel/parallel_for.hpp"
#include "merganser/reduction/byte_candidates.hpp"

namespace merganser::reduction {

using clustering::kByteGroup;
using clustering::kPanel;

namespace {

constexpr float kUp = 1 + 1e-6f, kNeverBest = -3e38f, kLeastBound = 2e-36f;
constexpr size_t kCacheLine = 64;

}  // namespace

bool ByteTokens::pay() {
  static const bool pay = MERGANSER_SELECT(bytes_before_words)();
  return pay;
}

ByteTokens::ByteTokens(const TokenRows& tokens, const FineTokens& fine, size_t dims, unsigned threads)
    : dims_(dims),
      panels_(whole(tokens.count, kPanel) / kPanel),
      stride_(whole(dims, kByteGroup)),
      rounding_(fine.square_bounds().rounding + static_cast<float>(dims) * 0x1p-24f),
      codes_((panels_ * kPanel + kRowsBehind) * stride_),
      memory_(whole(panels_, 2) * kPanel * stride_ + kCacheLine),
      packed_(reinterpret_cast<int8_t*>(whole(reinterpret_cast<uintptr_t>(memory_.data()), kCacheLine))),
      starts_(panels_ * kPanel),
      scales_(panels_ * kPanel + kRowsBehind),
      halves_(panels_ * kPanel, kNeverBest),
      whole_lengths_(tokens.count),
      lengths_(tokens.count),
      off_(tokens.count),
      squares_(tokens.count) {
  parallel::parallel_for(threads, panels_, [&](size_t panel) { pack(tokens, fine, panel); });
  most_whole_ = *std::max_element(whole_lengths_.begin(), whole_lengths_.end());
  most_length_ = *std::max_element(lengths_.begin(), lengths_.end());
  most_off_ = *std::max_element(off_.begin(), off_.end());
}

void ByteTokens::pack(const TokenRows& tokens, const FineTokens& fine, size_t panel) {
  static const auto dot = MERGANSER_SELECT_FROM(clustering::, dot);
  static const auto round = MERGANSER_SELECT_FROM(clustering::, to_bytes);
  static const auto pack = MERGANSER_SELECT_FROM(clustering::, pack_byte_panel);
  static const uint8_t offset = MERGANSER_SELECT_FROM(clustering::, row_offset)();
  std::vector<int8_t> codes(kPanel * stride_);
  for (size_t token = panel * kPanel; token < std::min(tokens.count, (panel + 1) * kPanel); ++token) {
    squares_[token] = dot(tokens.row(token), tokens.row(token), dims_);
    whole_lengths_[token] = static_cast<float>(std::sqrt(fine.square(token))) * kUp;
    lengths_[token] = static_cast<float>(std::sqrt(squares_[token])) * kUp;
    halves_[token] = static_cast<float>(-squares_[token] / 2);
    int8_t* const column = codes.data() + token % kPanel * stride_;
    const auto form = round(tokens.row(token), dims_, lengths_[token], clustering::ByteCodes::either, reinterpret_cast<uint8_t*>(column));
    std::transform(column, column + stride_, codes_.data() + token * stride_, [&](int8_t code) { return static_cast<uint8_t>(code + offset); });
    scales_[token] = form.scale;
    off_[token] = form.error * kUp;
  }
  pack(codes.data(), stride_ / kByteGroup, panel, packed_, starts_.data());
}

clustering::BytePanels ByteTokens::panels() const { return {packed_, starts_.data(), scales_.data(), halves_.data(), nullptr, nullptr, panels_, stride_ / kByteGroup}; }

// As of FineTokens.
float ByteTokens::square_margin(size_t token) const {
  const float length = lengths_[token], both = whole_lengths_[token] + most_whole_;
  const float scores = off_[token] * most_length_ + (length + off_[token]) * most_off_ + rounding_ * .5f * (both * both);
  return 2.02f * scores + kLeastBound;
}

}  // namespace merganser::reduction
