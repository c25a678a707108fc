#include "merganser/reduction/slot_choice.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "merganser/clustering/score_chains.hpp"

namespace merganser::reduction {

using clustering::kPanel;

namespace {

constexpr float kNeverBest = -3e38f;
// Products of small numbers are rounded to multiples of 2⁻¹⁴⁹, whatever they are: each may be off by as much in a product of tokens as they are, and all of them together by less than this.
constexpr double kLeastStep = 0x1p-148;

}  // namespace

SlotChoice::SlotChoice(const TokenRows& tokens, Similarity similarity, size_t room)
    : tokens_(tokens), similarity_(similarity), rounding_(static_cast<float>(tokens.dims + 64) * 1.1f * 0x1p-24f), scales_(room), halves_(room, kNeverBest) {}

void SlotChoice::finish(float greatest_length) {
  greatest_length_ = greatest_length;
  for (size_t slot = 0; slot < tokens_.count; ++slot) greatest_half_ = std::max(greatest_half_, -halves_[slot]);
}

SlotChoice::Rows::Rows(const SlotChoice& choice, const TokenRows& left, size_t first, size_t count, bool wanted, uint32_t* slots, float* scores)
    : choice_(choice), left_(left), first_(first), wanted_(wanted), slots_(slots), scores_(scores) {
  std::fill_n(scores, count, -std::numeric_limits<float>::infinity());
}

void SlotChoice::Rows::take(size_t row, double square, const uint32_t* slots, size_t count) {
  if (count == 1 && !wanted_) {
    slots_[row - first_] = slots[0];
    return;
  }
  for (size_t i = 0; i < count; ++i) pairs_.push_back({row, slots[i], choice_.scale_of(square)});
}

void SlotChoice::Rows::take_greatest(size_t row, double square, const uint32_t* slots, const float* products, size_t count) {
  const double scale = static_cast<double>(choice_.scale_of(square));
  values_.resize(count);
  double most = -std::numeric_limits<double>::infinity(), greatest_factor = 0;
  const auto slot_of = [&](size_t i) { return slots ? slots[i] : static_cast<uint32_t>(i); };
  for (size_t i = 0; i < count; ++i) {
    const double factor = scale * static_cast<double>(choice_.scales_[slot_of(i)]);
    values_[i] = static_cast<double>(products[i]) * factor + static_cast<double>(choice_.halves_[slot_of(i)]);
    // What is no number stays, and decides nothing.
    if (!std::isfinite(values_[i])) values_[i] = std::numeric_limits<double>::quiet_NaN();
    else greatest_factor = std::max(greatest_factor, factor);
    most = std::max(most, values_[i]);
  }
  const double off = static_cast<double>(choice_.rounding_) * 2.1 * (std::sqrt(square) * scale * static_cast<double>(choice_.greatest_length_) + static_cast<double>(choice_.greatest_half_)) +
                     kLeastStep * static_cast<double>(left_.dims + 16) * greatest_factor;
  possible_.clear();
  for (size_t i = 0; i < count; ++i) {
    if (!(values_[i] < most - 2 * off)) possible_.push_back(slot_of(i));
  }
  take(row, square, possible_.data(), possible_.size());
}

void SlotChoice::Rows::finish() {
  for (size_t from = 0; from < pairs_.size(); from += kPanel) settle(pairs_.data() + from, std::min(kPanel, pairs_.size() - from));
}

// Sixteen pairs or fewer: their scores as a tile has them.
void SlotChoice::Rows::settle(const Pair* pairs, size_t count) {
  static const auto add = MERGANSER_SELECT_FROM(clustering::, add_chains);
  const float *rows[kPanel], *columns[kPanel];
  float row_scales[kPanel], column_scales[kPanel];
  alignas(64) float sums[kPanel];
  for (size_t i = 0; i < kPanel; ++i) {
    // The last one is repeated where there are not sixteen.
    const Pair& pair = pairs[std::min(i, count - 1)];
    rows[i] = left_.row(pair.row);
    columns[i] = choice_.tokens_.row(pair.slot);
    row_scales[i] = pair.scale;
    column_scales[i] = choice_.scales_[pair.slot];
    sums[i] = choice_.halves_[pair.slot];
  }
  add(rows, row_scales, columns, column_scales, left_.dims, sums);
  for (size_t i = 0; i < count; ++i) {
    const size_t at = pairs[i].row - first_;
    if (sums[i] > scores_[at] || (sums[i] == scores_[at] && pairs[i].slot < slots_[at])) scores_[at] = sums[i], slots_[at] = pairs[i].slot;
  }
}

}  // namespace merganser::reduction
