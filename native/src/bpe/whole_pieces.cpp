#include "merganser/bpe/whole_pieces.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace merganser::bpe {

namespace {

// Each id is read and written as a whole word, little end first.
constexpr size_t kWord = sizeof(uint32_t);
static_assert(std::endian::native == std::endian::little);

}  // namespace

WholePieces::Ids::Ids(std::span<const uint32_t> ids) : count_(ids.size()) {
  const uint32_t greatest = *std::max_element(ids.begin(), ids.end());
  width_ = std::max<uint32_t>(1, (static_cast<uint32_t>(std::bit_width(greatest)) + 7) / 8);
  packed_.resize(count_ * width_ + kWord - width_);
  uint8_t* at = packed_.data();
  for (const uint32_t id : ids) {
    std::memcpy(at, &id, kWord);
    at += width_;
  }
}

void WholePieces::Ids::write(uint32_t* out) const {
  const uint32_t mask = ~uint32_t{0} >> (32 - 8 * width_);
  const uint8_t* at = packed_.data();
  for (size_t i = 0; i < count_; ++i) {
    std::memcpy(out + i, at, kWord);
    out[i] &= mask;
    at += width_;
  }
}

const WholePieces::Ids* WholePieces::find(const uint8_t* piece, size_t size, uint64_t hash) const {
  const auto found = kept_.find(hash);
  if (found == kept_.end() || found->second.piece.size() != size || std::memcmp(found->second.piece.data(), piece, size) != 0) return nullptr;
  return &found->second.ids;
}

void WholePieces::keep(const uint8_t* piece, size_t size, uint64_t hash, std::span<const uint32_t> ids, size_t bytes) {
  if (size + ids.size() + kOverhead > bytes || kept_.contains(hash)) return;
  Kept kept{{}, Ids(ids)};
  const size_t needed = size + kept.bytes();
  if (needed > bytes) return;
  shrink(bytes - needed);
  kept.piece.assign(piece, piece + size);
  kept_.emplace(hash, std::move(kept));
  order_.push_back(hash);
  used_ += needed;
}

void WholePieces::shrink(size_t bytes) {
  while (used_ > bytes) {
    const auto oldest = kept_.find(order_.front());
    used_ -= oldest->second.bytes();
    kept_.erase(oldest);
    order_.pop_front();
  }
}

}  // namespace merganser::bpe
