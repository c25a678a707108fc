// Pairs that wait to be merged: the highest count first, of equal counts the smallest pair of ids.
//
// Counts only fall, and most are small. So large counts are in a heap, and each small count has a bucket, which is sorted when its turn comes;
// what enters the bucket whose turn it is goes to a heap of its own.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace merganser::training {

struct Candidate {
  uint64_t count;
  uint64_t key;   // left id << 32 | right id
  uint32_t pair;  // its number
};

class CandidateQueue {
 public:
  CandidateQueue() : buckets_(kBuckets) {}

  void clear();
  // Not above the candidate that was popped last.
  void push(const Candidate& candidate);
  // false: there is none with a count of at least `least`.
  bool pop(Candidate& candidate, uint64_t least);
  // The candidate that comes `ahead` after the next one, if that is known already: for prefetching.
  const uint32_t* coming(size_t ahead) const { return turn_.size() > ahead ? &turn_[turn_.size() - 1 - ahead].pair : nullptr; }

 private:
  static constexpr uint32_t kBuckets = 1 << 13;
  struct Entry {
    uint64_t key;
    uint32_t pair;
  };
  static bool later(const Entry& a, const Entry& b) { return a.key > b.key; }

  std::vector<Candidate> high_;  // a heap
  std::vector<std::vector<Entry>> buckets_;
  uint32_t level_ = kBuckets;  // the count whose turn it is
  std::vector<Entry> turn_;    // its candidates, the next one last
  std::vector<Entry> late_;    // those that came since, a heap
};

}  // namespace merganser::training
