#include "merganser/bpe/piece_tokenizer.hpp"

#include <cstring>
#include <utility>

namespace merganser::bpe {

PieceTokenizer::PieceTokenizer(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

PieceTokenizer::Tokens PieceTokenizer::encode(const uint8_t* piece, size_t size) {
  if (size == 0 || size > kLongestKept) {
    merge(piece, size);
    return {ids_.data(), static_cast<uint32_t>(sizes_.size())};
  }
  make_room();
  const uint64_t hash = hash_bytes(piece, size);
  Entry& entry = slot_of(piece, size, hash);
  if (entry.size == 0) {
    merge(piece, size);
    entry.hash = hash;
    entry.tokens = static_cast<uint32_t>(tokens_.size());
    entry.size = static_cast<uint8_t>(size);
    std::memcpy(entry.piece, piece, size);
    tokens_.push_back(static_cast<uint32_t>(sizes_.size()));
    tokens_.insert(tokens_.end(), ids_.begin(), ids_.end());
    ++entries_;
  }
  return {tokens_.data() + entry.tokens + 1, tokens_[entry.tokens]};
}

// The tokens in ids_, their sizes behind them.
void PieceTokenizer::merge(const uint8_t* piece, size_t size) {
  ids_.clear();
  sizes_.clear();
  model_->encode_with_sizes(piece, size, ids_, sizes_, scratch_);
  ids_.insert(ids_.end(), sizes_.begin(), sizes_.end());
}

PieceTokenizer::Entry& PieceTokenizer::slot_of(const uint8_t* piece, size_t size, uint64_t hash) {
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  while (slots_[at].size != 0 && !(slots_[at].hash == hash && slots_[at].size == size && std::memcmp(slots_[at].piece, piece, size) == 0)) {
    at = (at + 1) & mask;
  }
  return slots_[at];
}

void PieceTokenizer::make_room() {
  const bool full = 2 * (entries_ + 1) > slots_.size();
  if (tokens_.size() > kMostTokenWords || (full && slots_.size() >= kMostSlots)) {
    slots_.assign(kFirstSlots, Entry{});
    tokens_.clear();
    entries_ = 0;
  } else if (full) {
    grow();
  }
}

void PieceTokenizer::grow() {
  const size_t size = slots_.empty() ? kFirstSlots : 2 * slots_.size();
  const std::vector<Entry> earlier = std::exchange(slots_, std::vector<Entry>(size));
  for (const Entry& entry : earlier) {
    if (entry.size != 0) slot_of(entry.piece, entry.size, entry.hash) = entry;
  }
}

}  // namespace merganser::bpe
