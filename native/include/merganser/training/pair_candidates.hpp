// Which of live pairs has the highest count: a queue of upper bounds. No pair below the floor comes out (see merge_phase.hpp); such pairs wait outside.
#pragma once
#include <cstdint>
#include <queue>

#include "merganser/training/live_pairs.hpp"

namespace merganser::training {

class PairCandidates {
 public:
  PairCandidates(LivePairs& pairs, uint64_t floor, uint32_t max_token_length) : pairs_(pairs), floor_(floor), max_token_length_(max_token_length) {}
  // Takes up the pairs that have risen.
  void renew() {
    for (const uint32_t number : pairs_.risen()) push(number);
    pairs_.forget_risen();
  }
  // Takes the pair with the highest count out, of equal counts that of the smallest ids; false if none is left.
  bool pop(uint32_t& number) {
    while (!queue_.empty()) {
      const Candidate top = queue_.top();
      queue_.pop();
      number = top.number;
      const uint64_t count = pairs_.pair(number).count;
      if (count == top.count) return true;
      if (count < top.count) push(number);
    }
    return false;
  }
  void push(uint32_t number) {
    const LivePairs::Pair pair = pairs_.pair(number);
    const uint64_t length = uint64_t{pairs_.length(pair.left)} + pairs_.length(pair.right);
    if (pair.count < floor_ || (length >= max_token_length_ && length != 2)) return;
    queue_.push({pair.count, uint64_t{pair.left} << 32 | pair.right, number});
  }

 private:
  struct Candidate {
    uint64_t count, key;
    uint32_t number;
    bool operator<(const Candidate& other) const { return count != other.count ? count < other.count : key > other.key; }
  };
  LivePairs& pairs_;
  const uint64_t floor_;
  const uint32_t max_token_length_;
  std::priority_queue<Candidate> queue_;
};

}  // namespace merganser::training
