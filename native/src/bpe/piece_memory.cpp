#include "merganser/bpe/piece_memory.hpp"

#include <algorithm>
#include <cstring>

#include "merganser/bpe/token_index.hpp"

namespace merganser::bpe {
namespace {

constexpr size_t kFirstSlots = 64;
// How many words are made ready at a time.
constexpr size_t kStep = 4096;

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
  slot = {static_cast<uint32_t>(hash >> 32), static_cast<uint32_t>(used_), static_cast<uint32_t>(size), static_cast<uint32_t>(values.size())};
  used_ += words;
  std::copy(values.begin(), values.end(), words_.data() + slot.at);
  std::memcpy(words_.data() + slot.at + slot.count, piece, size);
  ++entries_;
}

bool PieceMemory::make_room(size_t words) {
  if (grow(words)) return true;
  slots_ = {};
  words_.give_back(0, used_);
  used_ = entries_ = 0;
  return grow(words);
}

// Room for one more piece. Slots that are outgrown count, as they are there until they have been copied.
bool PieceMemory::grow(size_t words) {
  const bool more_slots = 2 * (entries_ + 1) > slots_.size();
  const size_t slots = more_slots ? std::max(kFirstSlots, 2 * slots_.size()) : slots_.size(), outgrown = more_slots ? slots_.size() : 0;
  const size_t slot_bytes = (slots + outgrown) * sizeof(Slot), needed = used_ + words;
  if (slot_bytes + needed * sizeof(uint32_t) > limit_) return false;
  if (needed > words_.size()) words_.grow(std::min(needed + kStep, limit_ / sizeof(uint32_t)));
  if (more_slots) rehash(slots);
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
