#include "merganser/bpe/long_pieces.hpp"

#include <algorithm>
#include <cstring>

namespace merganser::bpe {

std::span<const uint32_t> LongPieces::find(const uint8_t* piece, uint32_t size, uint64_t hash) const {
  if (entries_ == 0) return {};
  const Slot& slot = slots_[slot_of(piece, size, hash)];
  return {ids_.data() + slot.ids, slot.count};
}

// Where the piece is, or the empty slot where it would be.
uint32_t LongPieces::slot_of(const uint8_t* piece, uint32_t size, uint64_t hash) const {
  const uint32_t mask = static_cast<uint32_t>(slots_.size() - 1);
  uint32_t at = static_cast<uint32_t>(hash) & mask;
  while (slots_[at].size != 0 && !(slots_[at].hash == hash && slots_[at].size == size && std::memcmp(text_.data() + slots_[at].text, piece, size) == 0)) {
    at = (at + 1) & mask;
  }
  return at;
}

void LongPieces::keep(const uint8_t* piece, uint32_t size, uint64_t hash, std::span<const uint32_t> ids) {
  if (size == 0 || ids.empty() || limit_ == 0) return;
  make_room();
  Slot& slot = slots_[slot_of(piece, size, hash)];
  if (slot.size != 0) return;
  slot = {hash, static_cast<uint32_t>(text_.size()), size, static_cast<uint32_t>(ids_.size()), static_cast<uint32_t>(ids.size())};
  text_.insert(text_.end(), piece, piece + size);
  ids_.insert(ids_.end(), ids.begin(), ids.end());
  ++entries_;
}

void LongPieces::make_room() {
  if (slots_.size() * sizeof(Slot) + text_.size() + ids_.size() * sizeof(uint32_t) > limit_) {
    slots_.clear();
    text_.clear();
    ids_.clear();
    entries_ = 0;
  }
  if (2 * (entries_ + 1) <= slots_.size()) return;
  std::vector<Slot> old(std::max<size_t>(64, 2 * slots_.size()));
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.size != 0) slots_[slot_of(text_.data() + slot.text, slot.size, slot.hash)] = slot;
  }
}

}  // namespace merganser::bpe
