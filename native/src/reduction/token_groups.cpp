#include "merganser/reduction/token_groups.hpp"

#include <algorithm>
#include <cmath>

#include "merganser/clustering/sift_bytes.hpp"
#include "merganser/parallel/parallel_for.hpp"
#include "merganser/reduction/row_products.hpp"

namespace merganser::reduction {

using clustering::kPanel;

namespace {

// Longer tokens wait for memory more than for products; of fewer tokens there are not enough products.
constexpr size_t kMostDims = 128, kLeastTokens = 512, kMostTokens = 65536;
constexpr size_t kMostCentres = 128, kTokensOfCentre = 16;
constexpr size_t kSample = 256, kSampleRows = 32;
// So many tokens are enough for means of groups.
constexpr size_t kMeanTokens = 512;
// Cosines of tokens and centres, and squares of unit vectors, are off by less.
constexpr float kSlack = 2e-5f;
// In reach of nobody, and of everybody.
constexpr float kNobody = 8, kEverybody = -8;

// Some of the tokens, from everywhere, always the same ones, and with no period that tokens could have, too.
std::vector<uint32_t> some_rows(const TokenRows& tokens, size_t how_many) {
  std::vector<uint32_t> rows(how_many);
  uint32_t state = 1;
  for (size_t i = 0; i < how_many; ++i) {
    state = state * 1664525 + 1013904223;
    const size_t begin = i * tokens.count / how_many, end = (i + 1) * tokens.count / how_many, place = begin + (state >> 16) % (end - begin);
    rows[i] = tokens.rows ? tokens.rows[place] : static_cast<uint32_t>(place);
  }
  return rows;
}

// The least cosine of tokens that are near each other, as rows see it: tokens within 1.7 times the angle to the nearest one of the sample. −1: for most rows too many are, and groups would keep them from nothing.
float least_within_groups(const TokenRows& left, const ByteScreen& sample) {
  static const auto score = MERGANSER_SELECT(scores_by_bytes);
  constexpr float kTimes = 1.7f, kQuarterCircle = 1.5f;
  constexpr ptrdiff_t kFew = kSample / 5;
  constexpr size_t kEnough = kSampleRows / 2;
  const std::vector<uint32_t> list = some_rows(left, kSampleRows);
  const RoundedRows rows({left.data, list.data(), kSampleRows, left.dims}, 0, kSampleRows, Similarity::cosine);
  float from[kSample];
  std::vector<float> found;
  for (size_t row = 0; row < kSampleRows; ++row) {
    score(rows.view(), row, sample.view(), from);
    const float angle = std::acos(std::min(1.f, *std::max_element(from, from + kSample))) * kTimes;
    if (!(angle < kQuarterCircle)) continue;
    const float least = std::cos(angle);
    if (std::count_if(from, from + kSample, [&](float cosine) { return cosine >= least; }) <= kFew) found.push_back(least);
  }
  if (found.size() < kEnough) return -1;
  std::nth_element(found.begin(), found.begin() + static_cast<ptrdiff_t>(found.size() / 2), found.end());
  return found[found.size() / 2];
}

// Tokens that are far from each other: always the one that is least similar to all before, until all are near one of them.
std::vector<uint32_t> apart(const TokenRows& tokens, const ByteScreen& sample, float near, size_t count) {
  static const auto score = MERGANSER_SELECT(scores_by_bytes);
  const RoundedRows rows(tokens, 0, kSample, Similarity::cosine);
  float cosines[kSample];
  std::vector<uint32_t> found;
  std::vector<float> most(kSample, -2);
  for (size_t next = 0; found.size() < count && most[next] < near; next = static_cast<size_t>(std::min_element(most.begin(), most.end()) - most.begin())) {
    found.push_back(tokens.rows[next]);
    score(rows.view(), next, sample.view(), cosines);
    for (size_t i = 0; i < kSample; ++i) most[i] = std::max(most[i], cosines[i]);
  }
  return found;
}

float sine_of(float cosine) { return std::sqrt(std::max(0.f, 1 - cosine * cosine) + kSlack); }

}  // namespace

std::unique_ptr<TokenGroups> TokenGroups::find(const TokenRows& left, const TokenRows& right, Similarity similarity, unsigned threads) {
  static const bool pays = MERGANSER_SELECT(passes_over_groups)();
  if (!pays || similarity != Similarity::cosine || right.dims > kMostDims || std::min(left.count, right.count) < kLeastTokens || right.count > kMostTokens) return nullptr;
  const std::vector<uint32_t> rows = some_rows(right, kSample);
  const TokenRows tokens{right.data, rows.data(), kSample, right.dims};
  const ByteScreen sample(tokens, Similarity::cosine, nullptr, 1);
  const float near = least_within_groups(left, sample);
  if (near < 0) return nullptr;
  const std::vector<uint32_t> centres = apart(tokens, sample, near, std::min(kMostCentres, right.count / kTokensOfCentre));
  return std::unique_ptr<TokenGroups>(new TokenGroups(right, centres, threads));
}

TokenGroups::TokenGroups(const TokenRows& tokens, const std::vector<uint32_t>& first_centres, unsigned threads)
    : tokens_(tokens), dims_(tokens.dims), count_(first_centres.size()), centres_(count_ * dims_), centre_rows_{nullptr, nullptr, count_, dims_}, begins_(count_ + 1) {
  for (size_t i = 0; i < count_; ++i) {
    const float* const token = tokens.data + first_centres[i] * dims_;
    const float scale = unit_scale(squared_length(token, dims_));
    std::transform(token, token + dims_, centres_.data() + i * dims_, [&](float number) { return number * scale; });
  }
  centre_rows_.data = centres_.data();
  move_centres(threads);
  const std::vector<uint32_t> group_of = nearest_centres(tokens, threads);
  const std::vector<float> cosines = cosines_with(group_of);
  put_in_order(group_of, cosines);
  measure(cosines);
}

// About the nearest.
std::vector<uint32_t> TokenGroups::nearest_centres(const TokenRows& tokens, unsigned threads) {
  static const auto find = MERGANSER_SELECT_FROM(clustering::, best_slots_by_bytes);
  rounded_ = std::make_unique<ByteScreen>(centre_rows_, Similarity::cosine, nullptr, 1);
  std::vector<uint32_t> group_of(tokens.count);
  const size_t piece_rows = rows_of_piece(tokens.count, dims_, threads);
  parallel::parallel_for(threads, (tokens.count + piece_rows - 1) / piece_rows, [&](size_t piece) {
    const size_t first = piece * piece_rows;
    const RoundedRows rows(tokens, first, std::min(piece_rows, tokens.count - first), Similarity::cosine);
    find(rows.view(), rounded_->view(), group_of.data() + first, false);
    // Tokens that are no numbers may be in none.
    for (size_t i = first; i < first + rows.count; ++i) group_of[i] = std::min(group_of[i], static_cast<uint32_t>(count_ - 1));
  });
  return group_of;
}

std::vector<float> TokenGroups::cosines_with(const std::vector<uint32_t>& group_of) const {
  static const auto multiply = MERGANSER_SELECT(products_with);
  std::vector<float> cosines(tokens_.count);
  for (size_t i = 0; i < tokens_.count; ++i) {
    const float* const token = tokens_.row(i);
    multiply(token, centres_.data(), dims_, &group_of[i], 1, &cosines[i]);
    cosines[i] *= unit_scale(squared_length(token, dims_));
    // What is no number is in everybody's reach.
    if (!(cosines[i] >= -2)) cosines[i] = -2;
  }
  return cosines;
}

// To the means of some tokens that are nearest to them, at unit length.
void TokenGroups::move_centres(unsigned threads) {
  const std::vector<uint32_t> rows = some_rows(tokens_, std::min(kMeanTokens, tokens_.count));
  const TokenRows some{tokens_.data, rows.data(), rows.size(), dims_};
  const std::vector<uint32_t> group_of = nearest_centres(some, threads);
  std::vector<float> sums(count_ * dims_);
  for (size_t i = 0; i < some.count; ++i) {
    const float* const token = some.row(i);
    const float scale = unit_scale(squared_length(token, dims_));
    float* const sum = sums.data() + group_of[i] * dims_;
    for (size_t dim = 0; dim < dims_; ++dim) sum[dim] += scale * token[dim];
  }
  for (size_t i = 0; i < count_; ++i) {
    const float* const sum = sums.data() + i * dims_;
    const float scale = unit_scale(squared_length(sum, dims_));
    // Those of no tokens stay.
    if (scale > 0) std::transform(sum, sum + dims_, centres_.data() + i * dims_, [&](float number) { return number * scale; });
  }
}

// Group by group, those of a group the nearest to its centre first.
void TokenGroups::put_in_order(const std::vector<uint32_t>& group_of, const std::vector<float>& cosines) {
  for (size_t i = 0; i < tokens_.count; ++i) ++begins_[group_of[i] + 1];
  for (size_t i = 0; i < count_; ++i) begins_[i + 1] += begins_[i];
  std::vector<size_t> ends(begins_.begin(), begins_.end() - 1);
  order_.resize(tokens_.count);
  for (size_t i = 0; i < tokens_.count; ++i) order_[ends[group_of[i]]++] = static_cast<uint32_t>(i);
  for (size_t i = 0; i < count_; ++i) {
    std::sort(order_.begin() + static_cast<ptrdiff_t>(begins_[i]), order_.begin() + static_cast<ptrdiff_t>(begins_[i + 1]),
              [&](uint32_t a, uint32_t b) { return cosines[a] > cosines[b]; });
  }
}

void TokenGroups::measure(const std::vector<float>& cosines) {
  const size_t room = whole(count_, kPanel);
  cosines_.assign(room, kNobody);
  sines_.assign(room, 0);
  for (auto* places : {&first_panels_, &end_panels_, &first_pieces_}) places->assign(room, 0);
  for (size_t i = 0; i < count_; ++i) {
    if (begins_[i] == begins_[i + 1]) continue;
    first_panels_[i] = static_cast<uint32_t>(begins_[i] / kPanel);
    end_panels_[i] = static_cast<uint32_t>((begins_[i + 1] - 1) / kPanel + 1);
    first_pieces_[i] = static_cast<uint32_t>(piece_cosines_.size());
    for (size_t panel = first_panels_[i]; panel < end_panels_[i]; ++panel) {
      const float cosine = cosines[order_[std::min(begins_[i + 1], (panel + 1) * kPanel) - 1]] - kSlack;
      piece_cosines_.push_back(cosine >= 0 ? cosine : kEverybody);
      piece_sines_.push_back(cosine >= 0 ? sine_of(cosine) : 0);
      if (piece_cosines_.back() <= cosines_[i]) cosines_[i] = piece_cosines_.back(), sines_[i] = piece_sines_.back();
    }
  }
}

GroupsView TokenGroups::view() const {
  return {rounded_->view(), rounded_->margins(), cosines_.data(), sines_.data(), first_panels_.data(), end_panels_.data(), first_pieces_.data(), piece_cosines_.data(), piece_sines_.data()};
}

}  // namespace merganser::reduction
