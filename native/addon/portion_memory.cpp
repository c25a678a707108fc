#include "portion_memory.hpp"

#include <algorithm>
#include <utility>

namespace merganser::addon {

void PortionMemory::expect(size_t portion_bytes, size_t all_bytes, size_t threads) {
  place_bytes_ = portion_bytes;
  threads_ = threads;
  const size_t most = std::max(kAheadAtLeast, kAheadPerThread * threads);
  const size_t places = std::min(most, all_bytes / portion_bytes + 1);
  ahead_bytes_ = places * portion_bytes;
  memory_.reserve(ahead_bytes_, 0);
  for (size_t i = places; i-- > 0;) free_.push_back(memory_.data() + i * portion_bytes);
}

// Portions that are larger, because a text has no place to be cut at, have memory of their own: one for each thread.
PortionMemory::Place PortionMemory::take(size_t bytes) {
  const std::lock_guard lock(mutex_);
  if (out_ >= threads_ && bytes_out_ + bytes > ahead_bytes_) return {};
  Place place;
  if (bytes <= place_bytes_) {
    if (free_.empty()) return {};
    place.data = free_.back();
    free_.pop_back();
  } else {
    place.own = std::make_unique_for_overwrite<uint8_t[]>(bytes);
    place.data = place.own.get();
  }
  ++out_;
  bytes_out_ += bytes;
  return place;
}

bool PortionMemory::give(Place place, size_t bytes) {
  const std::lock_guard lock(mutex_);
  if (!place.own) free_.push_back(place.data);
  --out_;
  bytes_out_ -= bytes;
  return out_ < threads_ || bytes_out_ <= ahead_bytes_ - ahead_bytes_ / 4;
}

}  // namespace merganser::addon
