#include "merganser/bpe/event_merger.hpp"

#include <algorithm>
#include <functional>

#include "merganser/bpe/model.hpp"

namespace merganser::bpe {

EventMerger::EventMerger(const ModelSpec& spec)
    : pairs_(spec.merges.size() / 3), first_removal_(spec.vocab_size(), kNone), symbols_(spec.vocab_size(), 1) {
  const uint32_t count = static_cast<uint32_t>(spec.merges.size() / 3);
  std::vector<uint32_t> last_merge(count), last_removal(spec.vocab_size(), kNone);
  const std::vector<uint32_t>& list = spec.removals;
  size_t at = 0;
  for (uint32_t merge = 0; merge <= count; ++merge) {
    for (; at < list.size() && list[at] == merge; at += 3 + list[at + 2]) add_removal(list[at + 1], &list[at + 3], list[at + 2], last_removal);
    if (merge < count) add_merge(spec.merges[3 * merge], spec.merges[3 * merge + 1], spec.merges[3 * merge + 2], last_merge);
  }
}

// `last`: of a pair's first merge, the last one so far.
void EventMerger::add_merge(uint32_t left, uint32_t right, uint32_t product, std::vector<uint32_t>& last) {
  const uint32_t number = static_cast<uint32_t>(merges_.size()), first = pairs_.find(left, right);
  merges_.push_back({static_cast<uint32_t>(events_.size()), product, kNone});
  events_.push_back({false, number});
  symbols_[product] = symbols_[left] + symbols_[right];
  if (first == kNone) {
    pairs_.set(left, right, number);
    last[number] = number;
  } else {
    merges_[last[first]].next = number;
    last[first] = number;
  }
}

void EventMerger::add_removal(uint32_t token, const uint32_t* parts, uint32_t count, std::vector<uint32_t>& last) {
  const uint32_t number = static_cast<uint32_t>(removals_.size());
  removals_.push_back({static_cast<uint32_t>(events_.size()), static_cast<uint32_t>(parts_.size()), count, kNone});
  events_.push_back({true, number});
  parts_.insert(parts_.end(), parts, parts + count);
  (last[token] == kNone ? first_removal_[token] : removals_[last[token]].next) = number;
  last[token] = number;
}

uint32_t EventMerger::merge_time(uint32_t left, uint32_t right, uint32_t now) const {
  uint32_t merge = pairs_.find(left, right);
  while (merge != kNone && merges_[merge].time < now) merge = merges_[merge].next;
  return merge == kNone ? kNone : merges_[merge].time;
}

uint32_t EventMerger::removal_time(uint32_t token, uint32_t now) const {
  uint32_t removal = first_removal_[token];
  while (removal != kNone && removals_[removal].time < now) removal = removals_[removal].next;
  return removal == kNone ? kNone : removals_[removal].time;
}

// One piece. What waits is a heap of (time, place); an entry counts while its time is still the one noted for its place.
class EventMerger::Run {
 public:
  Run(const EventMerger& events, MergeScratch& scratch)
      : events_(events),
        count_(static_cast<uint32_t>(scratch.ids.size())),
        ids_(scratch.ids),
        next_(scratch.next),
        previous_(scratch.previous),
        merging_(scratch.ranks),
        removing_(scratch.removing),
        heap_(scratch.heap),
        scratch_(scratch) {
    next_.resize(count_);
    previous_.resize(count_);
    merging_.assign(count_, kNone);
    removing_.assign(count_, kNone);
    heap_.clear();
  }

  // False if it was stopped.
  bool to_end() {
    for (uint32_t at = 0; at < count_; ++at) {
      if (at % MergeScratch::kHeard == 0 && scratch_.stopped(0, count_)) return false;
      next_[at] = at + 1;
      previous_[at] = at - 1;
      find_merge(at, 0);
    }
    size_t steps = 0;
    uint32_t joined = 0;
    while (!heap_.empty()) {
      // Tokens may fall apart again, so this is only about how far it is.
      if (++steps % MergeScratch::kHeard == 0 && scratch_.stopped(std::min(joined, count_), count_)) return false;
      std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
      const uint32_t time = static_cast<uint32_t>(heap_.back() >> 32), at = static_cast<uint32_t>(heap_.back());
      heap_.pop_back();
      if (merging_[at] == time) {
        join(at, time);
        ++joined;
      } else if (removing_[at] == time) {
        split(at, time);
      }
    }
    return true;
  }

 private:
  void join(uint32_t at, uint32_t time) {
    const uint32_t right = next_[at];
    ids_[at] = events_.merges_[events_.events_[time].number].product;
    merging_[right] = removing_[right] = kNone;
    link(at, next_[right]);
    find_removal(at, time);
    find_merge(at, time);
    if (at > 0) find_merge(previous_[at], time);
  }

  void split(uint32_t first, uint32_t time) {
    const Removal& removal = events_.removals_[events_.events_[time].number];
    const uint32_t end = next_[first];
    uint32_t at = first;
    for (uint32_t i = 0; i < removal.count; ++i) {
      ids_[at] = events_.parts_[removal.begin + i];
      link(at, at + events_.symbols_[ids_[at]]);
      find_removal(at, time);
      at = next_[at];
    }
    for (at = first; at < end; at = next_[at]) find_merge(at, time);
    if (first > 0) find_merge(previous_[first], time);
  }

  void link(uint32_t at, uint32_t next) {
    next_[at] = next;
    if (next < count_) previous_[next] = at;
  }

  void find_merge(uint32_t at, uint32_t now) {
    merging_[at] = next_[at] < count_ ? events_.merge_time(ids_[at], ids_[next_[at]], now) : kNone;
    wait(merging_[at], at);
  }

  void find_removal(uint32_t at, uint32_t now) {
    removing_[at] = events_.removal_time(ids_[at], now);
    wait(removing_[at], at);
  }

  void wait(uint32_t time, uint32_t at) {
    if (time == kNone) return;
    heap_.push_back(uint64_t{time} << 32 | at);
    std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
  }

  const EventMerger& events_;
  const uint32_t count_;
  std::vector<uint32_t>&ids_, &next_, &previous_, &merging_, &removing_;
  std::vector<uint64_t>& heap_;
  MergeScratch& scratch_;
};

void EventMerger::merge(MergeScratch& scratch) const {
  if (!Run(*this, scratch).to_end()) return;
  std::vector<uint32_t>&ids = scratch.ids, &sizes = scratch.sizes, &next = scratch.next;
  const uint32_t count = static_cast<uint32_t>(ids.size());
  uint32_t kept = 0;
  for (uint32_t at = 0; at < count; at = next[at]) {
    uint32_t size = 0;
    for (uint32_t symbol = at; symbol < next[at]; ++symbol) size += sizes[symbol];
    ids[kept] = ids[at];
    sizes[kept++] = size;
  }
  ids.resize(kept);
  sizes.resize(kept);
}

}  // namespace merganser::bpe
