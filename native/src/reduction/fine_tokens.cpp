#include "merganser/reduction/fine_tokens.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "merganser/parallel/parallel_for.hpp"
#include "merganser/reduction/word_products.hpp"

namespace merganser::reduction {
namespace {

constexpr float kUp = 1 + 1e-6f, kNeverBest = -3e38f, kLeastBound = 2e-36f;
constexpr size_t kLeastDims = 32, kLeastTokens = 64, kCacheLine = 64, kWordDims = 32;
// Sums of the products of one weight stay below 2³¹.
constexpr size_t kMostDims = 32768;
// Rows whose sums are found together: as many whatever the threads, so that sums have the same bits.
constexpr size_t kRows = 128;

bool enough(size_t tokens, size_t dims) { return tokens >= kLeastTokens && dims >= kLeastDims && dims <= kMostDims; }

}  // namespace

bool FineTokens::tiles_pay(size_t tokens, size_t dims) { return has_matrix_tiles() && enough(tokens, dims); }

bool FineTokens::pays(size_t tokens, size_t dims) {
  static const bool fast = has_matrix_tiles() || MERGANSER_SELECT(multiplies_words)();
  return fast && enough(tokens, dims);
}

FineTokens::FineTokens(const TokenRows& tokens, Similarity similarity, unsigned threads, bool sums)
    : shape_{whole(tokens.dims, has_matrix_tiles() ? kFineDims : kWordDims), !has_matrix_tiles()},
      rounding_(static_cast<float>(tokens.dims + 64) * 1.1f * 0x1p-24f),
      memory_(whole(tokens.count, kFineRows) * shape_.row() + (sums ? tokens.count * shape_.dims : 0)),
      scales_(tokens.count),
      halves_(tokens.count),
      lengths_(tokens.count),
      off_one_(tokens.count),
      off_(tokens.count),
      squares_(tokens.count) {
  static const auto round = MERGANSER_SELECT(to_fine_bytes);
  int8_t* const rests = codes() + whole(tokens.count, kFineRows) * shape_.row();
  const size_t of_one = shape_.dims, pieces = (tokens.count + kRows - 1) / kRows;
  std::vector<float> totals(sums ? 3 * pieces * of_one : 0);
  parallel::parallel_for(threads, pieces, [&](size_t piece) {
    float* const own = totals.data() + 3 * piece * of_one;
    for (size_t i = piece * kRows; i < std::min(tokens.count, (piece + 1) * kRows); ++i) {
      const float* const row = tokens.row(i);
      if (i % kLengthsTogether == 0) squared_lengths(tokens, i, tokens.count, squares_.data() + i);
      const bool unit = similarity == Similarity::cosine;
      const float length = static_cast<float>(std::sqrt(squares_[i])) * kUp, scale = unit ? unit_scale(squares_[i]) : 1;
      const FineRests of_row{rests + i * of_one, scale, {own, own + of_one, own + 2 * of_one}};
      const FineForm form = round(row, tokens.dims, length, shape_, codes() + i * shape_.row(), sums ? &of_row : nullptr);
      halves_[i] = unit ? 0 : static_cast<float>(-squares_[i] / 2);
      scales_[i] = form.scale * scale;
      lengths_[i] = length * scale * kUp;
      off_one_[i] = form.off_one * scale * kUp;
      off_[i] = form.off * scale * kUp;
    }
  });
  std::memset(codes() + tokens.count * shape_.row(), 0, (whole(tokens.count, kFineRows) - tokens.count) * shape_.row());
  small_ = std::all_of(squares_.begin(), squares_.end(), [](double square) { return square < kMostMagnitude * kMostMagnitude; });
  most_length_ = *std::max_element(lengths_.begin(), lengths_.end());
  most_off_one_ = *std::max_element(off_one_.begin(), off_one_.end());
  most_off_ = *std::max_element(off_.begin(), off_.end());
  if (sums) find_left_out(rests, totals, threads);
}

void FineTokens::find_left_out(const int8_t* rests, std::vector<float>& sums, unsigned threads) {
  static const auto find = MERGANSER_SELECT(fine_left_out);
  const size_t of_one = shape_.dims, tokens = scales_.size();
  for (size_t piece = 3 * of_one; piece < sums.size(); piece += 3 * of_one) {
    for (size_t at = 0; at < 3 * of_one; ++at) sums[at] += sums[piece + at];
  }
  left_out_.resize(tokens);
  parallel::parallel_for(threads, (tokens + kRows - 1) / kRows, [&](size_t piece) {
    for (size_t i = piece * kRows; i < std::min(tokens, (piece + 1) * kRows); ++i) {
      const float sum = find(codes() + i * shape_.row(), rests + i * of_one, shape_, {sums.data(), sums.data() + of_one, sums.data() + 2 * of_one});
      // Of a token whose numbers are that small nothing was kept.
      const bool known = scales_[i] > 0 || unit_scale(squares_[i]) == 0;
      left_out_[i] = known ? static_cast<double>(sum * scales_[i]) / static_cast<double>(tokens) : std::numeric_limits<double>::quiet_NaN();
    }
  });
}

// ⟨x, y⟩ − ⟨x', y'⟩ = ⟨e, y⟩ + ⟨x', e'⟩ and what is left out of ⟨x', y'⟩, which is less than both rests of one byte multiplied; and rounding, of the tiles' chains and of what becomes of sums.
float FineTokens::margin(size_t token) const {
  const float length = lengths_[token], products = length * most_length_, half = std::max(most_length_ * most_length_, length * length) / 2;
  return (off_[token] * most_length_ + (length + off_[token]) * most_off_ + off_one_[token] * most_off_one_ + rounding_ * (products + half)) * 1.01f + 1e-36f;
}

float FineTokens::square_margin(size_t token) const {
  const float length = lengths_[token], both = length + most_length_;
  const float scores = off_[token] * most_length_ + (length + off_[token]) * most_off_ + off_one_[token] * most_off_one_ + rounding_ * .5f * (both * both);
  return 2.02f * scores + kLeastBound;
}

void FineTokens::squares(const uint32_t* tokens, size_t rows, const uint32_t* others, size_t count, float* const* out) const {
  static const auto squares_of = MERGANSER_SELECT(word_squares);
  FewWordRows some{};
  for (; some.count < rows; ++some.count) {
    const uint32_t token = tokens[some.count];
    some.codes[some.count] = codes() + token * shape_.row();
    some.scales[some.count] = scales_[token];
    some.squares[some.count] = static_cast<float>(squares_[token]);
  }
  squares_of(some, {codes(), scales_.data(), halves_.data(), others, count}, shape_, out);
}

FineTokens::Gathered FineTokens::gather(const uint32_t* tokens, size_t count) const {
  Gathered result;
  result.codes_.resize(whole(count, kFineRows) * shape_.row());
  for (size_t i = 0; i < count; ++i) {
    std::memcpy(result.codes_.data() + i * shape_.row(), codes() + tokens[i] * shape_.row(), shape_.row());
    result.scales_.push_back(scales_[tokens[i]]);
  }
  return result;
}

FineColumns::FineColumns(const FineTokens& tokens, const uint32_t* some, size_t count, unsigned threads)
    : shape_(tokens.shape()),
      pairs_(whole(count, kFinePair) / kFinePair),
      memory_(pairs_ * shape_.pair() + kCacheLine),
      codes_(reinterpret_cast<int8_t*>(whole(reinterpret_cast<uintptr_t>(memory_.data()), kCacheLine))),
      scales_(pairs_ * kFinePair),
      halves_(pairs_ * kFinePair, kNeverBest) {
  static const auto pack = MERGANSER_SELECT(pack_fine_pair);
  parallel::parallel_for(threads, pairs_, [&](size_t pair) {
    const size_t first = pair * kFinePair, here = std::min(kFinePair, count - first);
    std::vector<int8_t> rows;
    const int8_t* from = tokens.codes() + first * shape_.row();
    if (some || here < kFinePair) {
      rows.resize(kFinePair * shape_.row());
      for (size_t i = 0; i < here; ++i) std::memcpy(rows.data() + i * shape_.row(), tokens.codes() + (some ? some[first + i] : first + i) * shape_.row(), shape_.row());
      from = rows.data();
    }
    pack(from, shape_, codes_ + pair * shape_.pair());
    for (size_t i = first; i < first + here; ++i) {
      const size_t token = some ? some[i] : i;
      scales_[i] = tokens.scales_[token];
      halves_[i] = tokens.halves_[token];
    }
  });
}

FinePairs FineColumns::view(size_t first, size_t count) const {
  return {codes_ + first * shape_.pair(), scales_.data() + first * kFinePair, halves_.data() + first * kFinePair, count};
}

}  // namespace merganser::reduction
