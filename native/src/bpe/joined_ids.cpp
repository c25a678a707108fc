#include "merganser/bpe/joined_ids.hpp"

#include <cstring>
#include <utility>

namespace merganser::bpe {

void JoinedIds::expect(size_t portions, size_t text_bytes) {
  sizes_.assign(portions, kNotYet);
  begins_.assign(portions + 1, 0);
  ids_.expect(text_bytes);
}

void JoinedIds::encoded(size_t number, size_t ids) {
  const std::lock_guard lock(mutex_);
  sizes_[number] = ids;
  size_t known = known_.load(std::memory_order_relaxed);
  for (; known < sizes_.size() && sizes_[known] != kNotYet; ++known) begins_[known + 1] = begins_[known] + sizes_[known];
  if (begins_[known] > ids_.capacity()) {
    const std::unique_lock alone(memory_);
    ids_.room(begins_[known]);
  }
  known_.store(known, std::memory_order_release);
}

bool JoinedIds::place(size_t number, const IdBuffer& ids) {
  if (number >= known_.load(std::memory_order_acquire)) return false;
  const std::shared_lock stays(memory_);
  if (ids.size() > 0) std::memcpy(ids_.data() + begins_[number], ids.data(), ids.size() * sizeof(uint32_t));
  return true;
}

IdBuffer JoinedIds::take() {
  ids_.taken(ids_.data() + begins_.back());
  return std::move(ids_);
}

}  // namespace merganser::bpe
