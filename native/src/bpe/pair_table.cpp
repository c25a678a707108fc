#include "merganser/bpe/pair_table.hpp"

#include <algorithm>
#include <bit>

namespace merganser::bpe {

namespace {

// At most half full: the average probe stays close to one.
uint32_t slot_bits_for(size_t pairs) { return static_cast<uint32_t>(std::max(4, static_cast<int>(std::bit_width(pairs * 2)))); }

}  // namespace

PairTable::PairTable(size_t pairs) : slots_(size_t{1} << slot_bits_for(pairs)) {
  const uint32_t slot_bits = slot_bits_for(pairs);
  const uint32_t filter_bits = static_cast<uint32_t>(std::max(9, static_cast<int>(std::bit_width(pairs * 4))));
  filter_.assign((size_t{1} << filter_bits) / 64, 0);
  view_ = {slots_.data(), 64 - slot_bits, (1u << slot_bits) - 1, filter_.data(), 64 - filter_bits};
}

void PairTable::set(uint32_t left, uint32_t right, uint32_t merge) {
  const uint64_t key = PairView::key(left, right);
  uint32_t slot = static_cast<uint32_t>(key * kHashFactor >> view_.slot_shift);
  while (slots_[slot] != 0 && slots_[slot] >> kMergeBits != key) slot = (slot + 1) & view_.slot_mask;
  slots_[slot] = key << kMergeBits | merge;
  const uint64_t hash = (key * kHashFactor) << 8 >> view_.filter_shift;
  filter_[hash >> 6] |= uint64_t{1} << (hash & 63);
}

}  // namespace merganser::bpe
