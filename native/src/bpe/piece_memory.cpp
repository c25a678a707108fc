#include "merganser/bpe/piece_memory.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "merganser/bpe/token_index.hpp"

namespace merganser::bpe {
namespace {

constexpr size_t kFirstSlots = 64, kFirstWords = 256;

size_t words_of(size_t bytes) { return (bytes + sizeof(uint32_t) - 1) / sizeof(uint32_t); }

}  // namespace

std::span<const uint32_t> PieceMemory::find(const uint8_t* piece, size_t size, uint64_t hash) const {
  if (entries_ == 0) return {};
  const Slot& slot = slots_[slot_of(piece, size, hash)];
  return {words_.data() + slot.at, slot.count};
}

// Where the piece is, or the empty slot where it would be.
size_t PieceMemory::slot_of(const uint8_t* piece, size_t size, uint64_t hash) const {
  const auto is_piece = [&](const Slot& slot) {
    return slot.hash == hash >> 32 && slot.size == size && std::memcmp(words_.data() + slot.at + slot.count, piece, size) == 0;
  };
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  while (slots_[at].count != 0 && !is_piece(slots_[at])) at = (at + 1) & mask;
  return at;
}

void PieceMemory::keep(const uint8_t* piece, size_t size, uint64_t hash, std::span<const uint32_t> values) {
  const size_t words = values.size() + words_of(size);
  if (values.empty() || !make_room(words)) return;
  Slot& slot = slots_[slot_of(piece, size, hash)];
  slot = {static_cast<uint32_t>(hash >> 32), static_cast<uint32_t>(words_.size()), static_cast<uint32_t>(size), static_cast<uint32_t>(values.size())};
  words_.resize(words_.size() + words);
  std::copy(values.begin(), values.end(), words_.begin() + slot.at);
  std::memcpy(words_.data() + slot.at + slot.count, piece, size);
  ++entries_;
}

bool PieceMemory::make_room(size_t words) {
  if (grow(words)) return true;
  slots_ = {};
  words_ = {};
  entries_ = 0;
  return grow(words);
}

// Room for one more piece. What is outgrown counts too, as it is there until it has been copied.
bool PieceMemory::grow(size_t words) {
  const size_t slots = 2 * (entries_ + 1) <= slots_.size() ? slots_.size() : std::max(kFirstSlots, 2 * slots_.size());
  const size_t capacity = words_.size() + words <= words_.capacity() ? words_.capacity() : std::max(kFirstWords, std::bit_ceil(words_.size() + words));
  const size_t outgrown_slots = slots > slots_.size() ? slots_.size() : 0, outgrown_words = capacity > words_.capacity() ? words_.capacity() : 0;
  if ((slots + outgrown_slots) * sizeof(Slot) + (capacity + outgrown_words) * sizeof(uint32_t) > limit_) return false;
  words_.reserve(capacity);
  if (slots > slots_.size()) rehash(slots);
  return true;
}

void PieceMemory::rehash(size_t slots) {
  std::vector<Slot> old(slots);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.count == 0) continue;
    // The piece's own bytes give its place: a slot has but half of the hash.
    const uint8_t* piece = reinterpret_cast<const uint8_t*>(words_.data() + slot.at + slot.count);
    slots_[slot_of(piece, slot.size, hash_bytes(piece, slot.size))] = slot;
  }
}

}  // namespace merganser::bpe
