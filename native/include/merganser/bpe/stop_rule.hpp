// When encoding ends before the text does.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>

namespace merganser::bpe {

struct StopRule {
  uint64_t limit = UINT64_MAX;  // once there are more ids
  const std::atomic<bool>* cancelled = nullptr;

  bool over_limit(uint64_t ids) const { return ids > limit; }
  bool operator()(uint64_t ids) const { return over_limit(ids) || (cancelled && cancelled->load(std::memory_order_relaxed)); }
  // For what comes behind so many ids.
  StopRule after(uint64_t ids) const { return {limit - std::min(limit, ids), cancelled}; }
};

}  // namespace merganser::bpe
