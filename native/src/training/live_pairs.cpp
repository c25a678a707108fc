#include "merganser/training/live_pairs.hpp"

#include <algorithm>
#include <stdexcept>

namespace merganser::training {

LivePairs::LivePairs(WordCells<uint32_t>& words, uint32_t tokens, const std::vector<uint32_t>& symbol_ids, bool splits)
    : words_(words), cells_(words.cells()), ends_(cells_, cells_ + words.size()), tokens_(tokens), start_(tokens), splits_(splits) {
  for (const uint32_t id : symbol_ids) tokens_[id].length = 1;
  for (size_t at = 0; at < words_.size(); ++at) {
    if (cells_[at] == kWall) continue;
    const uint64_t count = words_.count_at(at);
    tokens_[cells_[at]].frequency += count;
    add(cells_[at], cells_[at + 1], static_cast<uint32_t>(at), count);
  }
}

uint64_t LivePairs::merge(uint32_t left, uint32_t right, uint32_t product) {
  const uint32_t left_length = tokens_[left].length, length = left_length + tokens_[right].length, number = number_of(left, right);
  if (tokens_[product].length == 0) tokens_[product].length = length;
  if (tokens_[product].length != length) throw std::runtime_error("two tokens of different symbols are spelled alike");
  take(lists_[number]);
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
    if (splits_) push(tokens_[product].places, cell);
    merged += count;
  }
  pairs_.all()[number].count = 0;
  tokens_[product].frequency += merged;
  tokens_[left].frequency -= merged;
  tokens_[right].frequency -= merged;
  return merged;
}

void LivePairs::split(uint32_t token, const std::vector<uint32_t>& parts) {
  const uint32_t length = tokens_[token].length;
  take(tokens_[token].places);
  for (const uint32_t cell : places_) {
    if (cells_[cell] != token) continue;
    const uint64_t count = words_.count_at(cell);
    subtract(ends_[cell - 1], token, count);
    subtract(token, cells_[cell + length], count);
    uint32_t at = cell;
    for (const uint32_t part : parts) {
      cells_[at] = part;
      add_before(at, count);
      if (part >= start_) push(tokens_[part].places, at);
      at += tokens_[part].length;
      ends_[at - 1] = part;
    }
    add(parts.back(), cells_[at], at - tokens_[parts.back()].length, count);
  }
  for (const uint32_t part : parts) tokens_[part].frequency += tokens_[token].frequency;
  tokens_[token].frequency = 0;
}

void LivePairs::forget_risen() {
  for (const uint32_t number : risen_) has_risen_[number] = 0;
  risen_.clear();
}

uint32_t LivePairs::number_of(uint32_t left, uint32_t right) {
  const uint32_t number = static_cast<uint32_t>(&pairs_.at(left, right) - pairs_.all().data());
  if (number == lists_.size()) {
    lists_.push_back(kNone);
    has_risen_.push_back(0);
  }
  return number;
}

void LivePairs::subtract(uint32_t left, uint32_t right, uint64_t count) {
  if (left != kWall && right != kWall) pairs_.at(left, right).count -= count;
}

void LivePairs::add_before(uint32_t cell, uint64_t count) {
  const uint32_t before = ends_[cell - 1];
  if (before != kWall) add(before, cells_[cell], cell - tokens_[before].length, count);
}

void LivePairs::add(uint32_t left, uint32_t right, uint32_t cell, uint64_t count) {
  if (right == kWall) return;
  const uint32_t number = number_of(left, right);
  pairs_.all()[number].count += count;
  push(lists_[number], cell);
  if (has_risen_[number]) return;
  has_risen_[number] = 1;
  risen_.push_back(number);
}

void LivePairs::push(uint32_t& list, uint32_t cell) {
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

void LivePairs::take(uint32_t& list) {
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
