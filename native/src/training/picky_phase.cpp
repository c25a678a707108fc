#include "merganser/training/picky_phase.hpp"

#include <algorithm>
#include <stdexcept>

namespace merganser::training {
namespace {

constexpr uint32_t kTickEvery = 64;  // merges

}  // namespace

PickyPhase::PickyPhase(WordCells<uint32_t>& words, TokenStrings& tokens, const std::vector<uint32_t>& symbol_ids, const PickyLimits& limits, MergeLog& log)
    : words_(words),
      strings_(tokens),
      limits_(limits),
      log_(log),
      cells_(words.cells()),
      ends_(cells_, cells_ + words.size()),
      tokens_(tokens.size()),
      present_(tokens.size()),
      pairs_(kNone) {
  for (Token& token : tokens_) token.present = true;
  for (const uint32_t id : symbol_ids) tokens_[id].length = 1;
  find_all_pairs();
}

void PickyPhase::run(const std::function<bool()>& tick) {
  uint32_t pair;
  while (present_ < limits_.vocab_size && merges_ < kMostMerges * limits_.vocab_size && pop(pair)) {
    if (merges_ % kTickEvery == 0 && !tick()) return;
    merge(pair);
  }
}

void PickyPhase::find_all_pairs() {
  for (size_t at = 0; at < words_.size(); ++at) {
    if (cells_[at] == kWall) continue;
    const uint64_t count = words_.count_at(at);
    tokens_[cells_[at]].frequency += count;
    add(cells_[at], cells_[at + 1], static_cast<uint32_t>(at), count);
  }
  tell_queue();
}

bool PickyPhase::pop(uint32_t& pair) {
  while (!queue_.empty()) {
    const Candidate top = queue_.top();
    queue_.pop();
    pair = top.pair;
    const uint64_t count = pairs_.all()[pair].count;
    if (count == top.count) return true;
    if (count < top.count) put_in_queue(pair);
  }
  return false;
}

void PickyPhase::merge(uint32_t pair) {
  const PairIndex::Entry entry = pairs_.all()[pair];
  const uint32_t left = entry.left, right = entry.right, length = tokens_[left].length + tokens_[right].length;
  const TokenStrings::Product product = strings_.join(left, right);
  if (product.fresh) {
    tokens_.emplace_back();
    tokens_.back().left = left;
    tokens_.back().right = right;
  }
  Token& token = tokens_[product.id];
  if (token.length == 0) token.length = length;
  if (token.length != length) throw std::runtime_error("two tokens of different symbols are spelled alike");
  present_ += !token.present;
  token.present = true;
  log_.push(left, right, product.id, entry.count);
  ++merges_;
  const uint64_t merged = replace(pair, product.id);
  tokens_[product.id].frequency += merged;
  tokens_[left].frequency -= left == right ? 2 * merged : merged;
  remove_if_mostly_merged(left, merged);
  if (left != right) {
    tokens_[right].frequency -= merged;
    remove_if_mostly_merged(right, merged);
  }
  tell_queue();
}

// Writes the product over all occurrences, from left to right; how many there are.
uint64_t PickyPhase::replace(uint32_t pair, uint32_t product) {
  const uint32_t left = pairs_.all()[pair].left, right = pairs_.all()[pair].right;
  const uint32_t left_length = tokens_[left].length, length = tokens_[product].length;
  take(lists_[pair]);
  uint64_t merged = 0;
  for (const uint32_t cell : places_) {
    if (cells_[cell] != left || cells_[cell + left_length] != right) continue;
    const uint64_t count = words_.count_at(cell);
    subtract(ends_[cell - 1], left, count);
    subtract(right, cells_[cell + length], count);
    cells_[cell + left_length] = kWall;
    cells_[cell] = product;
    ends_[cell + length - 1] = product;
    add_before(cell, count);
    add(product, cells_[cell + length], cell, count);
    push(tokens_[product].places, cell);
    merged += count;
  }
  pairs_.all()[pair].count = 0;
  return merged;
}

void PickyPhase::remove_if_mostly_merged(uint32_t id, uint64_t merged) {
  Token& token = tokens_[id];
  const double share = static_cast<double>(merged) / static_cast<double>(token.frequency + merged);
  if (token.left == kNone || !(share > limits_.threshold)) return;
  token.present = false;
  --present_;
  std::vector<uint32_t> parts;
  collect_present(id, parts);
  log_.push_removal(id, parts);
  split(id, parts);
  for (const uint32_t part : parts) tokens_[part].frequency += token.frequency;
  token.frequency = 0;
}

// The tokens that are there, of those that a token was made of.
void PickyPhase::collect_present(uint32_t id, std::vector<uint32_t>& parts) const {
  if (tokens_[id].present) return parts.push_back(id);
  collect_present(tokens_[id].left, parts);
  collect_present(tokens_[id].right, parts);
}

// Writes the parts over all occurrences of a token.
void PickyPhase::split(uint32_t id, const std::vector<uint32_t>& parts) {
  const uint32_t length = tokens_[id].length;
  take(tokens_[id].places);
  for (const uint32_t cell : places_) {
    if (cells_[cell] != id) continue;
    const uint64_t count = words_.count_at(cell);
    subtract(ends_[cell - 1], id, count);
    subtract(id, cells_[cell + length], count);
    uint32_t at = cell;
    for (const uint32_t part : parts) {
      Token& token = tokens_[part];
      cells_[at] = part;
      add_before(at, count);
      if (token.left != kNone) push(token.places, at);
      at += token.length;
      ends_[at - 1] = part;
    }
    add(parts.back(), cells_[at], at - tokens_[parts.back()].length, count);
  }
}

void PickyPhase::subtract(uint32_t left, uint32_t right, uint64_t count) {
  if (left != kWall && right != kWall) pairs_.at(left, right).count -= count;
}

void PickyPhase::add_before(uint32_t cell, uint64_t count) {
  const uint32_t before = ends_[cell - 1];
  if (before != kWall) add(before, cells_[cell], cell - tokens_[before].length, count);
}

void PickyPhase::add(uint32_t left, uint32_t right, uint32_t cell, uint64_t count) {
  if (right == kWall) return;
  PairIndex::Entry& entry = pairs_.at(left, right);
  entry.count += count;
  const uint32_t pair = static_cast<uint32_t>(&entry - pairs_.all().data());
  if (pair == lists_.size()) {
    lists_.push_back(kNone);
    risen_at_.push_back(UINT64_MAX);
  }
  push(lists_[pair], cell);
  if (risen_at_[pair] == merges_) return;
  risen_at_[pair] = merges_;
  risen_.push_back(pair);
}

void PickyPhase::tell_queue() {
  for (const uint32_t pair : risen_) put_in_queue(pair);
  risen_.clear();
}

void PickyPhase::put_in_queue(uint32_t pair) {
  const PairIndex::Entry& entry = pairs_.all()[pair];
  const uint64_t length = uint64_t{tokens_[entry.left].length} + tokens_[entry.right].length;
  if (entry.count < limits_.floor || (length >= limits_.max_token_length && length != 2)) return;
  queue_.push({entry.count, uint64_t{entry.left} << 32 | entry.right, pair});
}

void PickyPhase::push(uint32_t& list, uint32_t cell) {
  if (free_ == kNone) {
    links_.push_back({cell, list});
    list = static_cast<uint32_t>(links_.size() - 1);
    return;
  }
  const uint32_t link = free_;
  free_ = links_[link].next;
  links_[link] = {cell, list};
  list = link;
}

void PickyPhase::take(uint32_t& list) {
  places_.clear();
  while (list != kNone) {
    Link& link = links_[list];
    const uint32_t next = link.next;
    places_.push_back(link.cell);
    link.next = free_;
    free_ = list;
    list = next;
  }
  std::sort(places_.begin(), places_.end());
  places_.erase(std::unique(places_.begin(), places_.end()), places_.end());
}

}  // namespace merganser::training
