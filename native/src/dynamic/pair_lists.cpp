#include "merganser/dynamic/pair_lists.hpp"

#include <algorithm>

namespace merganser::dynamic {
namespace {

constexpr size_t kFirstSlots = size_t{1} << 12;
constexpr uint32_t kNoCell = 0;

}  // namespace

PairLists::PairLists(size_t cells) : mask_(kFirstSlots - 1), slots_(kFirstSlots), links_(cells) {}

void PairLists::clear(size_t from, size_t to) {
  if (pairs_.empty()) return;
  for (size_t cell = from; cell < to; ++cell) links_[cell].pair = 0;
  if (pairs_.size() * 8 < slots_.size()) {
    for (const Pair& pair : pairs_) free_run(pair);
  } else {
    std::fill(slots_.begin(), slots_.end(), Slot{});
  }
  pairs_.clear();
}

// What stands in one run of slots from the pair's own on. All pairs are going to be freed, so that runs get shorter from their ends only.
void PairLists::free_run(const Pair& pair) {
  for (size_t slot = hash(pair.left, pair.right) & mask_; slots_[slot].pair != 0; slot = (slot + 1) & mask_) slots_[slot].pair = 0;
}

uint32_t PairLists::pair_of(uint32_t left, uint32_t right) {
  const uint64_t hashed = hash(left, right);
  const uint32_t tag = static_cast<uint32_t>(hashed >> 32);
  size_t slot = hashed & mask_;
  for (; slots_[slot].pair != 0; slot = (slot + 1) & mask_) {
    if (slots_[slot].tag != tag) continue;
    const Pair& pair = pairs_[slots_[slot].pair - 1];
    if (pair.left == left && pair.right == right) return slots_[slot].pair - 1;
  }
  pairs_.push_back({left, right, 0, 0, 0, 0, 0});
  slots_[slot] = {tag, size()};
  if (2 * pairs_.size() > slots_.size()) grow();
  return size() - 1;
}

void PairLists::grow() {
  std::vector<Slot> larger(2 * slots_.size());
  mask_ = larger.size() - 1;
  for (uint32_t number = 0; number < size(); ++number) {
    const uint64_t hashed = hash(pairs_[number].left, pairs_[number].right);
    size_t slot = hashed & mask_;
    while (larger[slot].pair != 0) slot = (slot + 1) & mask_;
    larger[slot] = {static_cast<uint32_t>(hashed >> 32), number + 1};
  }
  slots_.swap(larger);
}

uint32_t PairLists::add(uint32_t left, uint32_t right, uint32_t cell) {
  const uint32_t number = pair_of(left, right);
  Pair& pair = pairs_[number];
  if (pair.count++ == 0) {
    pair.head = pair.first = cell;
    pair.state &= ~kUnordered;
    links_[cell] = {number + 1, kNoCell, kNoCell};
  } else {
    if (cell < pair.tail) pair.state |= kUnordered;
    pair.first = std::min(pair.first, cell);
    links_[pair.tail].after = cell;
    links_[cell] = {number + 1, pair.tail, kNoCell};
  }
  pair.tail = cell;
  return number;
}

void PairLists::remove(uint32_t cell) {
  Link& link = links_[cell];
  if (link.pair == 0) return;
  Pair& pair = pairs_[link.pair - 1];
  (link.before == kNoCell ? pair.head : links_[link.before].after) = link.after;
  (link.after == kNoCell ? pair.tail : links_[link.after].before) = link.before;
  --pair.count;
  link.pair = 0;
}

uint32_t PairLists::settle_first(uint32_t number) {
  Pair& pair = pairs_[number];
  if (pair.state & kUnordered) order(pair);
  return pair.first = pair.head;
}

void PairLists::order(Pair& pair) {
  sorted_.clear();
  for (uint32_t cell = pair.head; cell != kNoCell; cell = links_[cell].after) sorted_.push_back(cell);
  std::sort(sorted_.begin(), sorted_.end());
  uint32_t before = kNoCell;
  for (const uint32_t cell : sorted_) {
    links_[cell].before = before;
    if (before != kNoCell) links_[before].after = cell;
    before = cell;
  }
  links_[before].after = kNoCell;
  pair.head = sorted_.front();
  pair.tail = before;
  pair.state &= ~kUnordered;
}

void PairLists::take_all(uint32_t number, std::vector<uint32_t>& cells) {
  Pair& pair = pairs_[number];
  cells.clear();
  for (uint32_t cell = pair.head, left = pair.count; left > 0; cell = links_[cell].after, --left) {
    cells.push_back(cell);
    links_[cell].pair = 0;
  }
  if (pair.state & kUnordered) std::sort(cells.begin(), cells.end());
  pair.count = 0;
}

}  // namespace merganser::dynamic
