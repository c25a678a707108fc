// Nearly every token has at most 16 bytes: copying 16 whatever its length costs two instructions and no branch on the length.
#include "merganser/bpe/decoder.hpp"

#include <cstring>

namespace merganser::bpe {
namespace {

constexpr size_t kBlock = 16;

}  // namespace

Decoder::Decoder(std::vector<uint8_t> token_bytes, std::vector<uint32_t> token_offsets)
    : bytes_(std::move(token_bytes)), offsets_(std::move(token_offsets)) {
  bytes_.resize(bytes_.size() + kBlock, 0);
}

size_t Decoder::size(const uint32_t* ids, size_t count) const {
  size_t size = 0;
  for (size_t i = 0; i < count; ++i) size += offsets_[ids[i] + 1] - offsets_[ids[i]];
  return size;
}

void Decoder::decode(const uint32_t* ids, size_t count, uint8_t* out, size_t size) const {
  if (size == 0) return;
  const uint8_t* const end = out + size;
  size_t i = 0;
  for (; i < count && static_cast<size_t>(end - out) >= kBlock; ++i) {
    const uint32_t begin = offsets_[ids[i]], length = offsets_[ids[i] + 1] - begin;
    if (length <= kBlock) [[likely]] {
      std::memcpy(out, bytes_.data() + begin, kBlock);
    } else {
      std::memcpy(out, bytes_.data() + begin, length);
    }
    out += length;
  }
  for (; i < count; ++i) {
    const uint32_t begin = offsets_[ids[i]], length = offsets_[ids[i] + 1] - begin;
    std::memcpy(out, bytes_.data() + begin, length);
    out += length;
  }
}

}  // namespace merganser::bpe
