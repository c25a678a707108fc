// The best of what was offered: a heap whose root is the worst that is kept.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace merganser::search {

struct Scored {
  float score;
  uint32_t slot;
};

class Best {
 public:
  Best(size_t limit, const uint32_t* ids) : limit_(limit), ids_(ids) { heap_.reserve(limit < 4096 ? limit : 4096); }

  // What a score must not be below to be kept.
  float threshold() const { return heap_.size() < limit_ ? -std::numeric_limits<float>::infinity() : heap_.front().score; }
  bool full() const { return heap_.size() >= limit_; }

  void offer(uint32_t slot, float score) {
    const Scored scored{score, slot};
    const auto better = [this](const Scored& a, const Scored& b) { return worse(b, a); };
    if (heap_.size() < limit_) {
      heap_.push_back(scored);
      std::push_heap(heap_.begin(), heap_.end(), better);
    } else if (worse(heap_.front(), scored)) {
      std::pop_heap(heap_.begin(), heap_.end(), better);
      heap_.back() = scored;
      std::push_heap(heap_.begin(), heap_.end(), better);
    }
  }
  void offer_all(const Best& other) {
    for (const Scored& scored : other.heap_) offer(scored.slot, scored.score);
  }
  // The best first. What is offered afterwards is lost.
  const std::vector<Scored>& sort() {
    std::sort(heap_.begin(), heap_.end(), [this](const Scored& a, const Scored& b) { return worse(b, a); });
    return heap_;
  }

 private:
  // Equal scores: the greater id is worse.
  bool worse(const Scored& a, const Scored& b) const { return a.score < b.score || (a.score == b.score && ids_[a.slot] > ids_[b.slot]); }

  size_t limit_;
  const uint32_t* ids_;
  std::vector<Scored> heap_;
};

}  // namespace merganser::search
