// When encoding ends before the text does.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace merganser::bpe {

struct StopRule {
  uint64_t limit = UINT64_MAX;  // once there are more ids
  const std::atomic<bool>* cancelled = nullptr;
  // Told now and then how many bytes of a piece that takes long are merged, on the way to all of them.
  const std::function<void(size_t bytes)>* merged = nullptr;

  bool over_limit(uint64_t ids) const { return ids > limit; }
  bool operator()(uint64_t ids) const { return over_limit(ids) || is_cancelled(); }
  bool is_cancelled() const { return cancelled && cancelled->load(std::memory_order_relaxed); }
  // For what comes behind so many ids.
  StopRule after(uint64_t ids) const { return {limit - std::min(limit, ids), cancelled, merged}; }
};

}  // namespace merganser::bpe
