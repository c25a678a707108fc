#include "merganser/bpe/token_index.hpp"

#include <algorithm>
#include <bit>

namespace merganser::bpe {

TokenIndex::TokenIndex(const ModelSpec& spec) : spec_(spec) {
  const uint32_t size = spec.vocab_size();
  mask_ = static_cast<uint32_t>(std::bit_ceil(size_t{size} * 2 + 2)) - 1;
  slots_.assign(size_t{mask_} + 1, Slot{0, kNone});
  for (uint32_t id = 0; id < size; ++id) {
    const uint32_t length = spec.token_size(id);
    if (length == 0 || find(spec.token(id), length) != kNone) continue;
    longest_ = std::max(longest_, length);
    const uint64_t hash = hash_bytes(spec.token(id), length);
    uint32_t slot = static_cast<uint32_t>(hash) & mask_;
    while (slots_[slot].id != kNone) slot = (slot + 1) & mask_;
    slots_[slot] = {static_cast<uint32_t>(hash >> 32), id};
  }
}

uint32_t TokenIndex::find(const uint8_t* bytes, size_t size) const {
  if (size > longest_) return kNone;
  const uint64_t hash = hash_bytes(bytes, size);
  const uint32_t tag = static_cast<uint32_t>(hash >> 32);
  for (uint32_t slot = static_cast<uint32_t>(hash) & mask_;; slot = (slot + 1) & mask_) {
    const Slot& entry = slots_[slot];
    if (entry.id == kNone) return kNone;
    if (entry.tag == tag && spec_.token_size(entry.id) == size && std::memcmp(spec_.token(entry.id), bytes, size) == 0) return entry.id;
  }
}

}  // namespace merganser::bpe
