#include "merganser/training/compression_phase.hpp"

#include <algorithm>

namespace merganser::training {
namespace {

constexpr double kSame = 1e-6;  // bits: smaller differences are none

}  // namespace

CompressionPhase::CompressionPhase(WordCells<uint32_t>& words, WordCells<uint32_t>& validation, TokenStrings& tokens,
                                   const std::vector<uint32_t>& symbol_ids, const CompressionLimits& limits, const StreamSize& size, MergeLog& log)
    : strings_(tokens),
      limits_(limits),
      log_(log),
      pairs_(words, tokens.size(), symbol_ids, false),
      validation_(validation, tokens.size(), symbol_ids, false),
      candidates_(pairs_, limits.least_count, limits.max_token_length),
      size_(size) {}

void CompressionPhase::run(const std::function<bool()>& tick) {
  LivePairs::Pair best;
  while (strings_.size() < limits_.vocab_size && tick() && choose(best)) merge(best);
}

// Of pairs that are equally good the most frequent.
bool CompressionPhase::choose(LivePairs::Pair& best) {
  candidates_.renew();
  compared_.clear();
  for (uint32_t number; compared_.size() < limits_.candidates && candidates_.pop(number);) {
    // A pair can wait several times with one count.
    if (compared_.empty() || compared_.back() != number) compared_.push_back(number);
  }
  if (compared_.empty()) return false;
  uint32_t chosen = compared_[0];
  double least = change(pairs_.pair(chosen));
  for (size_t i = 1; i < compared_.size(); ++i) {
    const double bits = change(pairs_.pair(compared_[i]));
    if (!(bits < least - kSame)) continue;
    least = bits;
    chosen = compared_[i];
  }
  for (const uint32_t number : compared_) {
    if (number != chosen) candidates_.push(number);
  }
  best = pairs_.pair(chosen);
  return true;
}

// As if the product were a new token.
double CompressionPhase::change(const LivePairs::Pair& pair) {
  uint64_t count = validation_.count(pair.left, pair.right);
  if (pair.left == pair.right) count = std::min(count, validation_.frequency(pair.left) / 2);
  return size_.change(pair.left, pair.right, strings_.size(), static_cast<int64_t>(count));
}

void CompressionPhase::merge(const LivePairs::Pair& pair) {
  const TokenStrings::Product product = strings_.join(pair.left, pair.right);
  if (product.fresh) {
    pairs_.add_token();
    validation_.add_token();
  }
  log_.push(pair.left, pair.right, product.id, pair.count);
  pairs_.merge(pair.left, pair.right, product.id);
  const int64_t merged = static_cast<int64_t>(validation_.merge(pair.left, pair.right, product.id));
  validation_.forget_risen();
  size_.add(pair.left, -merged);
  size_.add(pair.right, -merged);
  size_.add(product.id, merged);
}

}  // namespace merganser::training
