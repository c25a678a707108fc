#include "merganser/bpe/token_index.hpp"

#include <algorithm>
#include <bit>
#include <utility>

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

SavedIndex::SavedIndex(io::TableReader tables) : slots(2 * tables.sparse_count()) {
  const io::PresentWords present = tables.sparse(reinterpret_cast<uint64_t*>(slots.data()), slots.size() / 2);
  const bool few = present.all<uint32_t>([&](uint32_t slot) {
    taken += slot != 0;
    tokens = std::max(tokens, slot & TokenIndex::kIdMask);
    return (slot == 0) | ((slot & TokenIndex::kIdMask) != 0);
  });
  io::check(few);
}

TokenIndex::TokenIndex(const ModelSpec& spec, SavedIndex saved)
    : spec_(spec), mask_(mask_for(spec.vocab_size())), slots_(std::move(saved.slots)), longest_(longest_of(spec)) {
  // Searches end at an empty slot.
  io::check(slots_.size() == size_t{mask_} + 1 && saved.tokens <= spec_.vocab_size() && saved.taken <= spec_.vocab_size());
}

void TokenIndex::save(io::TableWriter& tables) const {
  // Tables are saved in words of 8 bytes.
  std::vector<uint64_t> words(slots_.size() / 2);
  std::memcpy(words.data(), slots_.data(), slots_.size() * sizeof(Slot));
  tables.sparse(words.data(), words.size());
}

void TokenIndex::add(uint32_t id, uint64_t hash) {
  uint32_t at = static_cast<uint32_t>(hash) & mask_;
  for (; slots_[at] != 0; at = (at + 1) & mask_) {
    if (is_of(slots_[at], hash) && is_spelt(id_of(slots_[at]), spec_.token(id), spec_.token_size(id))) return;
  }
  slots_[at] = tag_of(hash) | (id + 1);
}

uint32_t TokenIndex::find(const uint8_t* bytes, size_t size, uint64_t hash) const {
  if (size > longest_) return kNone;
  for (uint32_t at = static_cast<uint32_t>(hash) & mask_;; at = (at + 1) & mask_) {
    const Slot slot = slots_[at];
    if (slot == 0) return kNone;
    if (is_of(slot, hash) && is_spelt(id_of(slot), bytes, size)) return id_of(slot);
  }
}

}  // namespace merganser::bpe
