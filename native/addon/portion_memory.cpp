#include "portion_memory.hpp"

#include <algorithm>
#include <utility>

namespace merganser::addon {

void PortionMemory::expect(size_t portion_bytes, size_t portions, size_t threads) {
  place_bytes_ = portion_bytes;
  threads_ = threads;
  all_places_ = portions;
  add_places(std::max(kAheadAtLeast, kAheadPerThread * threads));
}

void PortionMemory::widen() {
  const std::lock_guard lock(mutex_);
  const size_t places = ahead_bytes_ / place_bytes_;
  if (std::exchange(full_, false) && places < kAheadAtMost) add_places(places);
}

void PortionMemory::add_places(size_t places) {
  places = std::min(places, all_places_ - ahead_bytes_ / place_bytes_);
  if (places == 0) return;
  const size_t bytes = places * place_bytes_;
  uint8_t* const memory = memory_.emplace_back(bytes).data();
  for (size_t i = places; i-- > 0;) free_.push_back(memory + i * place_bytes_);
  ahead_bytes_ += bytes;
}

void PortionMemory::free() {
  const std::lock_guard lock(mutex_);
  free_.clear();
  memory_.clear();
}

// Portions that are larger, because a text has no place to be cut at, have memory of their own: one for each thread.
PortionMemory::Place PortionMemory::take(size_t bytes) {
  const std::lock_guard lock(mutex_);
  full_ = out_ >= threads_ && bytes_out_ + bytes > ahead_bytes_;
  if (full_) return {};
  Place place;
  if (bytes <= place_bytes_) {
    full_ = free_.empty();
    if (full_) return {};
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
