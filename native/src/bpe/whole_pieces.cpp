#include "merganser/bpe/whole_pieces.hpp"

#include <cstring>

namespace merganser::bpe {

std::span<const uint32_t> WholePieces::find(const uint8_t* piece, size_t size, uint64_t hash) const {
  const auto found = kept_.find(hash);
  if (found == kept_.end() || found->second.piece.size() != size || std::memcmp(found->second.piece.data(), piece, size) != 0) return {};
  return found->second.ids;
}

void WholePieces::keep(const uint8_t* piece, size_t size, uint64_t hash, std::span<const uint32_t> ids, size_t bytes) {
  const size_t needed = size + ids.size_bytes() + kOverhead;
  if (needed > bytes || kept_.contains(hash)) return;
  shrink(bytes - needed);
  kept_.emplace(hash, Kept{{piece, piece + size}, {ids.begin(), ids.end()}});
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
