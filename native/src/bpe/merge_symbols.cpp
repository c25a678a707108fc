#include "merganser/bpe/merge_symbols.hpp"

#include <algorithm>
#include <bit>
#include <functional>

namespace merganser::bpe {
namespace {

// Any length in n log n: a heap of (merge, position) over a linked list. An entry counts only while its merge is still the one noted for
// its position. Lowest merge first, leftmost among equals: the order of the packed numbers.
void merge_long(const MergeView& merges, MergeScratch& scratch) {
  const uint32_t count = static_cast<uint32_t>(scratch.ids.size());
  auto& ids = scratch.ids;
  auto& sizes = scratch.sizes;
  auto& next = scratch.next;
  auto& previous = scratch.previous;
  auto& ranks = scratch.ranks;
  auto& heap = scratch.heap;
  next.resize(count);
  previous.resize(count);
  ranks.assign(count, kNone);
  heap.clear();
  for (uint32_t i = 0; i < count; ++i) {
    if (i % MergeScratch::kHeard == 0 && scratch.stopped(0, count)) return;
    next[i] = i + 1;
    previous[i] = i - 1;
    if (i + 1 == count) break;
    ranks[i] = merges.pairs.find(ids[i], ids[i + 1]);
    if (ranks[i] != kNone) heap.push_back(static_cast<uint64_t>(ranks[i]) << 32 | i);
  }
  std::make_heap(heap.begin(), heap.end(), std::greater<>());
  auto renew = [&](uint32_t at) {
    ranks[at] = next[at] < count ? merges.pairs.find(ids[at], ids[next[at]]) : kNone;
    if (ranks[at] == kNone) return;
    heap.push_back(static_cast<uint64_t>(ranks[at]) << 32 | at);
    std::push_heap(heap.begin(), heap.end(), std::greater<>());
  };
  size_t steps = 0;
  uint32_t joined = 0;
  while (!heap.empty()) {
    if (++steps % MergeScratch::kHeard == 0 && scratch.stopped(joined, count)) return;
    std::pop_heap(heap.begin(), heap.end(), std::greater<>());
    const uint32_t merge = static_cast<uint32_t>(heap.back() >> 32), at = static_cast<uint32_t>(heap.back());
    heap.pop_back();
    if (ranks[at] != merge) continue;
    ++joined;
    const uint32_t right = next[at];
    ids[at] = merges.product(merge);
    sizes[at] += sizes[right];
    ranks[right] = kNone;
    ids[right] = kNone;
    next[at] = next[right];
    if (next[at] < count) previous[next[at]] = at;
    renew(at);
    if (previous[at] != kNone) renew(previous[at]);
  }
  uint32_t kept = 0;
  for (uint32_t i = 0; i < count; i = next[i]) {
    ids[kept] = ids[i];
    sizes[kept++] = sizes[i];
  }
  ids.resize(kept);
  sizes.resize(kept);
}

}  // namespace

void merge_symbols(const MergeView& merges, MergeScratch& scratch) {
  if (scratch.ids.size() <= kShort || !scratch.windows.merge(merges, scratch)) merge_in_one(merges, scratch);
}

void merge_in_one(const MergeView& merges, MergeScratch& scratch) {
  const size_t count = scratch.ids.size();
  if (count < 2) return;
  if (count > kShort) return merge_long(merges, scratch);
  static const auto run = MERGANSER_SELECT(merge_short);
  uint64_t live = run(merges, scratch.ids.data(), static_cast<uint32_t>(count));
  size_t kept = 0;
  while (live) {
    const uint32_t at = static_cast<uint32_t>(std::countr_zero(live));
    live &= live - 1;
    const uint32_t end = live ? static_cast<uint32_t>(std::countr_zero(live)) : static_cast<uint32_t>(count);
    uint32_t size = 0;
    for (uint32_t i = at; i < end; ++i) size += scratch.sizes[i];
    scratch.ids[kept] = scratch.ids[at];
    scratch.sizes[kept++] = size;
  }
  scratch.ids.resize(kept);
  scratch.sizes.resize(kept);
}

}  // namespace merganser::bpe
