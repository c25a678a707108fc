#include "merganser/training/candidate_queue.hpp"

#include <algorithm>

namespace merganser::training {
namespace {

bool below(const Candidate& a, const Candidate& b) { return a.count != b.count ? a.count < b.count : a.key > b.key; }

}  // namespace

void CandidateQueue::clear() {
  high_.clear();
  for (auto& bucket : buckets_) bucket.clear();
  turn_.clear();
  late_.clear();
  level_ = kBuckets;
}

void CandidateQueue::push(const Candidate& candidate) {
  const Entry entry{candidate.key, candidate.pair};
  if (candidate.count >= kBuckets) {
    high_.push_back(candidate);
    std::push_heap(high_.begin(), high_.end(), below);
  } else if (candidate.count == level_) {
    late_.push_back(entry);
    std::push_heap(late_.begin(), late_.end(), later);
  } else {
    buckets_[candidate.count].push_back(entry);
  }
}

bool CandidateQueue::pop(Candidate& candidate, uint64_t least) {
  if (!high_.empty()) {
    if (high_.front().count < least) return false;
    std::pop_heap(high_.begin(), high_.end(), below);
    candidate = high_.back();
    high_.pop_back();
    return true;
  }
  if (level_ < least) return false;
  while (turn_.empty() && late_.empty()) {
    if (level_ <= std::max<uint64_t>(least, 1)) return false;
    turn_ = std::move(buckets_[--level_]);
    buckets_[level_] = {};
    std::sort(turn_.begin(), turn_.end(), later);
  }
  Entry entry;
  if (turn_.empty() || (!late_.empty() && late_.front().key < turn_.back().key)) {
    std::pop_heap(late_.begin(), late_.end(), later);
    entry = late_.back();
    late_.pop_back();
  } else {
    entry = turn_.back();
    turn_.pop_back();
  }
  candidate = {level_, entry.key, entry.pair};
  return true;
}

}  // namespace merganser::training
