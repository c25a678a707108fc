#include "merganser/bpe/token_index.hpp"

#include <algorithm>
#include <bit>

namespace merganser::bpe {

// At most half of the slots are taken.
uint32_t TokenIndex::mask_for(uint32_t tokens) { return static_cast<uint32_t>(std::bit_ceil(size_t{tokens} * 2 + 2)) - 1; }

uint32_t TokenIndex::longest_of(const ModelSpec& spec) {
  uint32_t longest = 0;
  for (uint32_t id = 0; id < spec.vocab_size(); ++id) longest = std::max(longest, spec.token_size(id));
  return longest;
}

TokenIndex::TokenIndex(const ModelSpec& spec)
    : spec_(spec), mask_(mask_for(spec.vocab_size())), slots_(size_t{mask_} + 1), longest_(longest_of(spec)) {
  constexpr uint32_t kAhead = 16;
  std::vector<uint64_t> hashes(spec.vocab_size());
  for (uint32_t id = 0; id < spec.vocab_size(); ++id) hashes[id] = hash_bytes(spec.token(id), spec.token_size(id));
  for (uint32_t id = 0; id < spec.vocab_size(); ++id) {
    if (id + kAhead < spec.vocab_size()) __builtin_prefetch(&slots_[static_cast<uint32_t>(hashes[id + kAhead]) & mask_], 1);
    if (spec.token_size(id) > 0) add(id, hashes[id]);
  }
}

TokenIndex::TokenIndex(const ModelSpec& spec, io::TableReader& tables)
    : spec_(spec), mask_(mask_for(spec.vocab_size())), slots_(size_t{mask_} + 1), longest_(longest_of(spec)) {
  uint32_t taken = 0;
  tables.sparse(slots_.data(), size_t{mask_} + 1, [&](const Slot& slot) {
    ++taken;
    return slot.next - 1 < spec.vocab_size();
  });
  // Searches end at an empty slot.
  io::check(taken <= spec.vocab_size());
}

void TokenIndex::save(io::TableWriter& tables) const { tables.sparse(slots_.data(), size_t{mask_} + 1); }

void TokenIndex::add(uint32_t id, uint64_t hash) {
  const uint32_t tag = static_cast<uint32_t>(hash >> 32);
  uint32_t slot = static_cast<uint32_t>(hash) & mask_;
  for (; slots_[slot].next != 0; slot = (slot + 1) & mask_) {
    if (slots_[slot].tag == tag && is_spelt(slots_[slot].next - 1, spec_.token(id), spec_.token_size(id))) return;
  }
  slots_[slot] = {tag, id + 1};
}

uint32_t TokenIndex::find(const uint8_t* bytes, size_t size, uint64_t hash) const {
  if (size > longest_) return kNone;
  const uint32_t tag = static_cast<uint32_t>(hash >> 32);
  for (uint32_t slot = static_cast<uint32_t>(hash) & mask_;; slot = (slot + 1) & mask_) {
    const Slot& entry = slots_[slot];
    if (entry.next == 0) return kNone;
    const uint32_t id = entry.next - 1;
    if (entry.tag == tag && is_spelt(id, bytes, size)) return id;
  }
}

}  // namespace merganser::bpe
