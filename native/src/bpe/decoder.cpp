// Nearly all tokens are short, and copied by a kernel; the others stop it, and are copied here. Nothing is measured beforehand: a pass over the ids costs
// as much as growing the buffer now and then.
#include "merganser/bpe/decoder.hpp"

#include <algorithm>
#include <cstring>

#include "merganser/text/utf16.hpp"

namespace merganser::bpe {

// The end of what was written, and room for more.
class Decoder::Output {
 public:
  explicit Output(parallel::KeptBuffer& memory) : memory_(memory), at_(memory.data()), end_(at_ + memory.capacity()) {}

  uint8_t* room_for(size_t bytes) {
    if (static_cast<size_t>(end_ - at_) < bytes) [[unlikely]] {
      const size_t used = size();
      memory_.reserve(used + used / 2 + bytes, used);
      at_ = memory_.data() + used;
      end_ = memory_.data() + memory_.capacity();
    }
    return at_;
  }
  void set_end(uint8_t* end) { at_ = end; }
  const uint8_t* end() const { return at_; }
  size_t size() const { return static_cast<size_t>(at_ - memory_.data()); }

 private:
  parallel::KeptBuffer& memory_;
  uint8_t *at_, *end_;
};

Decoder::Decoder(std::vector<uint8_t> token_bytes, std::vector<uint32_t> token_offsets, std::vector<uint8_t> traits)
    : bytes_(std::move(token_bytes)), offsets_(std::move(token_offsets)), traits_(std::move(traits)), slots_(traits_.size()) {
  for (size_t id = 0; id < slots_.size(); ++id) {
    const uint32_t length = offsets_[id + 1] - offsets_[id];
    if (traits_[id] & kPartialToken) {
      if (partials_ == 0) first_partial_ = static_cast<uint32_t>(id);
      partials_ = static_cast<uint32_t>(id) - first_partial_ + 1;
    }
    if ((traits_[id] & ~kPartialToken) != 0 || length > TokenSlot::kBytes) {
      slots_[id].length = TokenSlot::kLookCloser;
    } else {
      slots_[id].length = static_cast<uint8_t>(length);
      if (length > 0) std::memcpy(slots_[id].bytes, bytes_.data() + offsets_[id], length);
    }
  }
}

size_t Decoder::expected_size(const uint32_t* ids, size_t count) const {
  constexpr size_t kSamples = 512;
  const size_t step = count / kSamples + 1;
  size_t sampled = 0, samples = 0;
  for (size_t i = 0; i < count; i += step, ++samples) {
    if (ids[i] < slots_.size()) sampled += offsets_[ids[i] + 1] - offsets_[ids[i]];
  }
  if (step > 1) sampled = static_cast<size_t>(static_cast<double>(sampled) / static_cast<double>(samples) * static_cast<double>(count));
  return sampled + sampled / 8 + kSlotsRoom;
}

bool Decoder::append(const uint32_t* ids, size_t count, bool skip_special, Output& out, bool& ascii) const {
  const size_t before = out.size();
  for (size_t i = 0; i < count; ++i) {
    const uint32_t id = ids[i];
    if (id >= slots_.size()) return false;
    if (slots_[id].length <= TokenSlot::kBytes) [[likely]] {
      uint8_t* const at = out.room_for(sizeof(TokenSlot));
      std::memcpy(at, &slots_[id], sizeof(TokenSlot));
      out.set_end(at + slots_[id].length);
      continue;
    }
    if (traits_[id] & kUnknownToken) return false;
    if (skip_special && (traits_[id] & kSpecialToken)) continue;
    const uint32_t begin = offsets_[id], length = offsets_[id + 1] - begin;
    uint8_t* const at = out.room_for(length);
    if (length > 0) std::memcpy(at, bytes_.data() + begin, length);
    out.set_end(at + length);
  }
  const size_t size = out.size() - before;
  ascii = ascii && text::ascii_prefix(out.end() - size, size) == size;
  return true;
}

bool Decoder::any_partial(const uint32_t* ids, size_t count) const {
  return std::any_of(ids, ids + count, [this](uint32_t id) { return id - first_partial_ < partials_; });
}

Decoder::Decoded Decoder::decode(const uint32_t* ids, size_t count, bool skip_special, parallel::KeptBuffer& memory) const {
  static const auto copy_slots = MERGANSER_SELECT(copy_slots);
  const SlotTable table{slots_.data(), static_cast<uint32_t>(slots_.size()), first_partial_, partials_};
  bool partial = false, ascii = true;
  memory.reserve(expected_size(ids, count), 0);
  Output out(memory);
  size_t i = 0;
  while (i + kSlotsTogether + kSlotsAhead <= count) {
    const size_t most = std::min(kSlotsACall, (count - kSlotsAhead - i) / kSlotsTogether * kSlotsTogether);
    const CopiedSlots copied = copy_slots(ids + i, most, table, out.room_for(kSlotsRoom));
    out.set_end(copied.end);
    partial = partial || copied.partial;
    ascii = ascii && copied.ascii;
    i += copied.ids;
    if (copied.ids == most) continue;
    if (!append(ids + i, kSlotsTogether, skip_special, out, ascii)) return {kUnknownId, false, false};
    i += kSlotsTogether;
  }
  if (!append(ids + i, count - i, skip_special, out, ascii)) return {kUnknownId, false, false};
  return {out.size(), partial || any_partial(ids + i, count - i), ascii};
}

}  // namespace merganser::bpe
