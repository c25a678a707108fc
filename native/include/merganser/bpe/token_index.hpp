// Bytes -> token id: the vocabulary itself as a read-only hash table, shared by all threads.
#pragma once
#include <cstdint>
#include <cstring>
#include <vector>

#include "merganser/bpe/model_spec.hpp"
#include "merganser/bpe/pair_table.hpp"
#include "merganser/io/tables.hpp"

namespace merganser::bpe {

inline uint64_t hash_bytes(const uint8_t* bytes, size_t size) {
  uint64_t hash = size * kHashFactor;
  for (; size >= 8; bytes += 8, size -= 8) {
    uint64_t word;
    std::memcpy(&word, bytes, 8);
    hash = (hash ^ word) * 0xFF51AFD7ED558CCDull;
    hash ^= hash >> 32;
  }
  uint64_t word = 0;
  if (size > 0) std::memcpy(&word, bytes, size);
  hash = (hash ^ word) * 0xC4CEB9FE1A85EC53ull;
  return hash ^ hash >> 29;
}

// An index as it was saved, read before anything is known of its specification. Throws io::Damaged.
struct SavedIndex {
  explicit SavedIndex(io::TableReader tables);

  parallel::HugeArray<uint32_t> slots;
  uint32_t taken = 0, tokens = 0;  // slots that hold a token, and one more than the highest id
};

class TokenIndex {
 public:
  // Keeps a reference to `spec`. Of equal tokens the lowest id counts; empty ones are left out.
  explicit TokenIndex(const ModelSpec& spec);
  // As `save` wrote it for the same specification; throws io::Damaged.
  TokenIndex(const ModelSpec& spec, SavedIndex saved);
  void save(io::TableWriter& tables) const;
  uint32_t find(const uint8_t* bytes, size_t size) const { return size > longest_ ? kNone : find(bytes, size, hash_bytes(bytes, size)); }
  uint32_t find(const uint8_t* bytes, size_t size, uint64_t hash) const;
  // Asks for the memory that `find` with this hash will read.
  uint64_t prefetch(const uint8_t* bytes, size_t size) const {
    const uint64_t hash = size > longest_ ? 0 : hash_bytes(bytes, size);
    __builtin_prefetch(&slots_[static_cast<uint32_t>(hash) & mask_]);
    return hash;
  }
  // Asks for the spelling of the token that stands in the slot of `prefetch`, if one does.
  void prefetch_spelling(uint64_t hash) const {
    const Slot slot = slots_[static_cast<uint32_t>(hash) & mask_];
    if (slot != 0 && is_of(slot, hash)) __builtin_prefetch(spec_.token(id_of(slot)));
  }
  uint32_t longest() const { return longest_; }

 private:
  // id + 1 (0: empty), above it the highest bits of the hash. So small that the table of 200,000 tokens is one huge page.
  using Slot = uint32_t;
  static constexpr uint32_t kIdMask = (1u << kSymbolBits) - 1;
  friend struct SavedIndex;
  static uint32_t id_of(Slot slot) { return (slot & kIdMask) - 1; }
  static uint32_t tag_of(uint64_t hash) { return static_cast<uint32_t>(hash >> 32) & ~kIdMask; }
  static bool is_of(Slot slot, uint64_t hash) { return (slot & ~kIdMask) == tag_of(hash); }
  static uint32_t mask_for(uint32_t tokens);
  static uint32_t longest_of(const ModelSpec& spec);
  void add(uint32_t id, uint64_t hash);
  bool is_spelt(uint32_t id, const uint8_t* bytes, size_t size) const {
    return spec_.token_size(id) == size && std::memcmp(spec_.token(id), bytes, size) == 0;
  }
  const ModelSpec& spec_;
  uint32_t mask_;
  parallel::HugeArray<Slot> slots_;
  uint32_t longest_;
};

}  // namespace merganser::bpe
