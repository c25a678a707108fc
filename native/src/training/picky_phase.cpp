#include "merganser/training/picky_phase.hpp"

namespace merganser::training {
namespace {

constexpr uint32_t kTickEvery = 64;  // merges

}  // namespace

PickyPhase::PickyPhase(WordCells<uint32_t>& words, TokenStrings& tokens, const std::vector<uint32_t>& symbol_ids, const PickyLimits& limits, MergeLog& log)
    : strings_(tokens),
      limits_(limits),
      log_(log),
      pairs_(words, tokens.size(), symbol_ids, true),
      candidates_(pairs_, limits.floor, limits.max_token_length),
      tokens_(tokens.size(), Token{kNone, kNone, true}),
      present_(tokens.size()) {}

void PickyPhase::run(const std::function<bool()>& tick) {
  for (uint32_t number; present_ < limits_.vocab_size && merges_ < kMostMerges * limits_.vocab_size;) {
    candidates_.renew();
    if (!candidates_.pop(number) || (merges_ % kTickEvery == 0 && !tick())) return;
    merge(pairs_.pair(number));
  }
}

void PickyPhase::merge(const LivePairs::Pair& pair) {
  const TokenStrings::Product product = strings_.join(pair.left, pair.right);
  if (product.fresh) {
    pairs_.add_token();
    tokens_.push_back({pair.left, pair.right, false});
  }
  present_ += !tokens_[product.id].present;
  tokens_[product.id].present = true;
  log_.push(pair.left, pair.right, product.id, pair.count);
  ++merges_;
  const uint64_t merged = pairs_.merge(pair.left, pair.right, product.id);
  remove_if_mostly_merged(pair.left, merged);
  if (pair.left != pair.right) remove_if_mostly_merged(pair.right, merged);
}

void PickyPhase::remove_if_mostly_merged(uint32_t id, uint64_t merged) {
  const double share = static_cast<double>(merged) / static_cast<double>(pairs_.frequency(id) + merged);
  if (tokens_[id].left == kNone || !(share > limits_.threshold)) return;
  tokens_[id].present = false;
  --present_;
  std::vector<uint32_t> parts;
  collect_present(id, parts);
  log_.push_removal(id, parts);
  pairs_.split(id, parts);
}

// The tokens that are there, of those that a token was made of.
void PickyPhase::collect_present(uint32_t id, std::vector<uint32_t>& parts) const {
  if (tokens_[id].present) return parts.push_back(id);
  collect_present(tokens_[id].left, parts);
  collect_present(tokens_[id].right, parts);
}

}  // namespace merganser::training
