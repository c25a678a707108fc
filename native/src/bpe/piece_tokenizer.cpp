#include "merganser/bpe/piece_tokenizer.hpp"

#include <span>

namespace merganser::bpe {
namespace {

PieceTokenizer::Tokens tokens_of(std::span<const uint32_t> ids_and_sizes) {
  return {ids_and_sizes.data(), static_cast<uint32_t>(ids_and_sizes.size() / 2)};
}

}  // namespace

PieceTokenizer::Tokens PieceTokenizer::encode(const uint8_t* piece, size_t size) {
  if (size > PieceMemory::kLongestPiece) {
    merge(piece, size);
    return tokens_of(merged_);
  }
  const uint64_t hash = hash_bytes(piece, size);
  const auto kept = memory_.find(piece, size, hash);
  if (!kept.empty()) return tokens_of(kept);
  merge(piece, size);
  memory_.keep(piece, size, hash, merged_);
  return tokens_of(merged_);
}

void PieceTokenizer::merge(const uint8_t* piece, size_t size) {
  merged_.clear();
  sizes_.clear();
  model_->encode_with_sizes(piece, size, merged_, sizes_, scratch_);
  merged_.insert(merged_.end(), sizes_.begin(), sizes_.end());
}

}  // namespace merganser::bpe
