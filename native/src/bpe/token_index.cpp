#include "merganser/bpe/token_index.hpp"

#include <algorithm>
#include <bit>

namespace merganser::bpe {

TokenIndex::TokenIndex(const ModelSpec& spec)
    : spec_(spec), mask_(static_cast<uint32_t>(std::bit_ceil(size_t{spec.vocab_size()} * 2 + 2)) - 1), slots_(size_t{mask_} + 1) {
  for (uint32_t id = 0; id < spec.vocab_size(); ++id) {
    const uint32_t length = spec.token_size(id);
    if (length == 0) continue;
    const uint64_t hash = hash_bytes(spec.token(id), length);
    longest_ = std::max(longest_, length);
    if (find(spec.token(id), length, hash) != kNone) continue;
    uint32_t slot = static_cast<uint32_t>(hash) & mask_;
    while (slots_[slot].next != 0) slot = (slot + 1) & mask_;
    slots_[slot] = {static_cast<uint32_t>(hash >> 32), id + 1};
  }
}

uint32_t TokenIndex::find(const uint8_t* bytes, size_t size, uint64_t hash) const {
  if (size > longest_) return kNone;
  const uint32_t tag = static_cast<uint32_t>(hash >> 32);
  for (uint32_t slot = static_cast<uint32_t>(hash) & mask_;; slot = (slot + 1) & mask_) {
    const Slot& entry = slots_[slot];
    if (entry.next == 0) return kNone;
    const uint32_t id = entry.next - 1;
    if (entry.tag == tag && spec_.token_size(id) == size && std::memcmp(spec_.token(id), bytes, size) == 0) return id;
  }
}

}  // namespace merganser::bpe
