// Nearly every token has at most 16 bytes: copying 16 whatever its length costs two instructions and no branch on the length. Lengths lie apart
// from the bytes, a byte each, because measuring reads nothing else; bytes lie in slots, so that a token is in one cache line.
#include "merganser/bpe/decoder.hpp"

#include <algorithm>
#include <cstring>

namespace merganser::bpe {
namespace {

// Lengths that say: look closer.
constexpr uint8_t kLong = 254, kUnknown = 255;

}  // namespace

Decoder::Decoder(std::vector<uint8_t> token_bytes, std::vector<uint32_t> token_offsets, std::vector<uint8_t> traits)
    : bytes_(std::move(token_bytes)), offsets_(std::move(token_offsets)), slots_(traits.size() + 1) {
  lengths_.reserve(traits.size() + 1);
  for (size_t id = 0; id < traits.size(); ++id) {
    const uint32_t length = offsets_[id + 1] - offsets_[id];
    if (traits[id] & kUnknownToken) {
      lengths_.push_back(kUnknown);
    } else if (length > kBlock) {
      lengths_.push_back(kLong);
    } else {
      lengths_.push_back(static_cast<uint8_t>(length));
      if (length > 0) std::memcpy(slots_[id].bytes, bytes_.data() + offsets_[id], length);
    }
  }
  lengths_.push_back(kUnknown);
  lengths_without_special_ = lengths_;
  for (size_t id = 0; id < traits.size(); ++id) {
    if ((traits[id] & kSpecialToken) && lengths_[id] != kUnknown) lengths_without_special_[id] = 0;
  }
}

uint32_t Decoder::full_length(uint32_t id, const std::vector<uint8_t>& lengths) const {
  return lengths[id] == kLong ? offsets_[id + 1] - offsets_[id] : lengths[id];
}

size_t Decoder::size(const uint32_t* ids, size_t count, bool skip_special) const {
  const std::vector<uint8_t>& lengths = this->lengths(skip_special);
  const uint8_t* const length_of = lengths.data();
  const uint32_t beyond = static_cast<uint32_t>(lengths.size() - 1);
  size_t size = 0;
  size_t i = 0;
  // In groups, so that the rare lengths are asked about once for eight ids.
  for (; i + 8 <= count; i += 8) {
    uint32_t sum = 0, longest = 0;
    for (size_t k = 0; k < 8; ++k) {
      const uint32_t length = length_of[std::min(ids[i + k], beyond)];
      sum += length;
      longest = std::max(longest, length);
    }
    if (longest <= kBlock) [[likely]] {
      size += sum;
      continue;
    }
    if (longest == kUnknown) return kUnknownId;
    for (size_t k = 0; k < 8; ++k) size += full_length(ids[i + k], lengths);
  }
  for (; i < count; ++i) {
    const uint32_t id = std::min(ids[i], beyond);
    if (length_of[id] == kUnknown) return kUnknownId;
    size += full_length(id, lengths);
  }
  return size;
}

void Decoder::append_exact(uint32_t id, const std::vector<uint8_t>& lengths, uint8_t*& out) const {
  const uint32_t length = full_length(id, lengths);
  if (length > 0) std::memcpy(out, bytes_.data() + offsets_[id], length);
  out += length;
}

void Decoder::decode(const uint32_t* ids, size_t count, bool skip_special, uint8_t* out, size_t size) const {
  const std::vector<uint8_t>& lengths = this->lengths(skip_special);
  const uint8_t* const length_of = lengths.data();
  const uint8_t* const end = out + size;
  size_t i = 0;
  for (; i < count && static_cast<size_t>(end - out) >= kBlock; ++i) {
    const uint8_t length = length_of[ids[i]];
    if (length <= kBlock) [[likely]] {
      std::memcpy(out, slots_[ids[i]].bytes, kBlock);
      out += length;
    } else {
      append_exact(ids[i], lengths, out);
    }
  }
  for (; i < count; ++i) append_exact(ids[i], lengths, out);
}

}  // namespace merganser::bpe
