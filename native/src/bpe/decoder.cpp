// Nearly every token has at most 16 bytes: copying 16 whatever its length costs two instructions and no branch on the length. Bytes lie
// in slots, so that a token is in one cache line; lengths apart, a byte each, so that those of all frequent tokens stay in the first caches. Nothing is
// measured beforehand: a pass over the ids costs as much as growing the buffer now and then.
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

size_t Decoder::expected_size(const uint32_t* ids, size_t count, const uint8_t* lengths) const {
  constexpr size_t kSample = 512;
  const uint32_t beyond = static_cast<uint32_t>(slots_.size() - 1);
  size_t sampled = 0;
  for (size_t i = 0; i < std::min(count, kSample); ++i) sampled += std::min<size_t>(lengths[std::min(ids[i], beyond)], kBlock);
  if (count > kSample) sampled = sampled * (count / kSample + 1);
  return sampled + sampled / 8 + 4 * kBlock;
}

size_t Decoder::decode(const uint32_t* ids, size_t count, bool skip_special, parallel::KeptBuffer& memory) const {
  const uint8_t* const lengths = (skip_special ? lengths_without_special_ : lengths_).data();
  const uint32_t beyond = static_cast<uint32_t>(slots_.size() - 1);
  memory.reserve(expected_size(ids, count, lengths), 0);
  uint8_t *out = memory.data(), *end = out + memory.capacity();
  const auto make_room = [&](size_t bytes) {
    if (static_cast<size_t>(end - out) >= bytes) [[likely]] return;
    const size_t used = static_cast<size_t>(out - memory.data());
    memory.reserve(used + used / 2 + bytes, used);
    out = memory.data() + used;
    end = memory.data() + memory.capacity();
  };
  for (size_t i = 0; i < count; ++i) {
    const uint32_t id = std::min(ids[i], beyond);
    const uint8_t length = lengths[id];
    if (length <= kBlock) [[likely]] {
      make_room(kBlock);
      std::memcpy(out, slots_[id].bytes, kBlock);
      out += length;
    } else if (length == kLong) {
      const uint32_t begin = offsets_[id], full = offsets_[id + 1] - begin;
      make_room(full);
      std::memcpy(out, bytes_.data() + begin, full);
      out += full;
    } else {
      return kUnknownId;
    }
  }
  return static_cast<size_t>(out - memory.data());
}

}  // namespace merganser::bpe
