#include "merganser/bpe/supermerges.hpp"

#include <algorithm>
#include <bit>
#include <functional>

namespace merganser::bpe {
namespace {

constexpr size_t kShort = 48;  // tokens: looking through all ranks is quicker than a heap

}  // namespace

Supermerges::Supermerges(const std::vector<uint32_t>& triples) : slots_(std::bit_ceil(triples.size() / 3 * 2 + 2)) {
  for (size_t i = 0; i + 2 < triples.size(); i += 3) {
    const uint64_t pair = uint64_t{triples[i]} << 32 | triples[i + 1];
    slots_[slot_of(pair)] = {pair, static_cast<uint32_t>(products_.size())};
    products_.push_back(triples[i + 2]);
    const uint32_t larger = std::max(triples[i], triples[i + 1]);
    if (larger >= is_part_.size()) is_part_.resize(size_t{larger} + 1);
    is_part_[triples[i]] = is_part_[triples[i + 1]] = 1;
  }
}

size_t Supermerges::slot_of(uint64_t pair) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = ((pair ^ pair >> 29) * 0x9E3779B97F4A7C15u >> 32) & mask;
  while (slots_[slot].pair != pair && slots_[slot].pair != UINT64_MAX) slot = (slot + 1) & mask;
  return slot;
}

void Supermerges::merge(std::vector<uint32_t>& ids, Scratch& scratch) const {
  if (ids.size() < 2) return;
  ids.size() <= kShort ? merge_short(ids, scratch) : merge_long(ids, scratch);
}

void Supermerges::merge_short(std::vector<uint32_t>& ids, Scratch& scratch) const {
  std::vector<uint32_t>& ranks = scratch.ranks;
  ranks.resize(ids.size() - 1);
  for (size_t i = 0; i + 1 < ids.size(); ++i) ranks[i] = rank(ids[i], ids[i + 1]);
  while (!ranks.empty()) {
    const auto lowest = std::min_element(ranks.begin(), ranks.end());
    if (*lowest == kNone) return;
    const size_t at = static_cast<size_t>(lowest - ranks.begin());
    ids[at] = products_[*lowest];
    ids.erase(ids.begin() + static_cast<ptrdiff_t>(at) + 1);
    ranks.erase(lowest);
    if (at > 0) ranks[at - 1] = rank(ids[at - 1], ids[at]);
    if (at < ranks.size()) ranks[at] = rank(ids[at], ids[at + 1]);
  }
}

// A heap of (rank, place), and links between places. An entry is out of date if the rank at its place is another one now.
void Supermerges::merge_long(std::vector<uint32_t>& ids, Scratch& scratch) const {
  const uint32_t count = static_cast<uint32_t>(ids.size());
  std::vector<uint32_t>&ranks = scratch.ranks, &next = scratch.next, &previous = scratch.previous;
  std::vector<uint64_t>& heap = scratch.heap;
  ranks.assign(count, kNone);
  next.resize(count);
  previous.resize(count);
  heap.clear();
  for (uint32_t i = 0; i < count; ++i) {
    next[i] = i + 1;
    previous[i] = i - 1;
    if (i + 1 < count) ranks[i] = rank(ids[i], ids[i + 1]);
    if (ranks[i] != kNone) heap.push_back(uint64_t{ranks[i]} << 32 | i);
  }
  std::make_heap(heap.begin(), heap.end(), std::greater<>());
  const auto look_again = [&](uint32_t at) {
    ranks[at] = next[at] < count ? rank(ids[at], ids[next[at]]) : kNone;
    if (ranks[at] == kNone) return;
    heap.push_back(uint64_t{ranks[at]} << 32 | at);
    std::push_heap(heap.begin(), heap.end(), std::greater<>());
  };
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), std::greater<>());
    const uint32_t at = static_cast<uint32_t>(heap.back()), rank = static_cast<uint32_t>(heap.back() >> 32);
    heap.pop_back();
    if (ranks[at] != rank) continue;
    const uint32_t gone = next[at];
    ids[at] = products_[rank];
    ranks[gone] = kNone;
    next[at] = next[gone];
    if (next[at] < count) previous[next[at]] = at;
    look_again(at);
    if (previous[at] < count) look_again(previous[at]);
  }
  size_t kept = 0;
  for (uint32_t at = 0; at < count; at = next[at]) ids[kept++] = ids[at];
  ids.resize(kept);
}

}  // namespace merganser::bpe
