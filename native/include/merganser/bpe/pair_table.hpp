// (left symbol, right symbol) -> merge. One 64-bit slot per pair, open addressing, and in front of it a bit filter that fits the L2 cache:
// most look-ups during merging are of pairs that do not exist, and end there.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "merganser/parallel/huge_array.hpp"
#include "merganser/simd/inline.hpp"

namespace merganser::bpe {

constexpr uint32_t kNone = 0xFFFFFFFFu;
constexpr uint32_t kSymbolBits = 21;                       // symbols (tokens) per model, at most 2^21
constexpr uint32_t kMergeBits = 64 - 2 * kSymbolBits;      // merges per model, at most 2^22
constexpr uint64_t kHashFactor = 0x9E3779B97F4A7C15ull;

// What the hot loops see: plain pointers, so that they can be compiled once per instruction set.
struct PairView {
  const uint64_t* slots;   // (key + 1) << kMergeBits | merge; 0 is empty
  uint32_t slot_shift;
  uint32_t slot_mask;
  const uint64_t* filter;
  uint32_t filter_shift;

  MERGANSER_INLINE static uint64_t key(uint32_t left, uint32_t right) { return (static_cast<uint64_t>(left) << kSymbolBits | right) + 1; }
  MERGANSER_INLINE bool maybe(uint64_t key) const {
    const uint64_t hash = (key * kHashFactor) << 8 >> filter_shift;
    return filter[hash >> 6] >> (hash & 63) & 1;
  }
  MERGANSER_INLINE void prefetch(uint64_t key) const { __builtin_prefetch(&slots[key * kHashFactor >> slot_shift]); }
  MERGANSER_INLINE uint32_t find_key(uint64_t key) const {
    for (uint32_t slot = static_cast<uint32_t>(key * kHashFactor >> slot_shift);; slot = (slot + 1) & slot_mask) {
      const uint64_t entry = slots[slot];
      if (entry == 0) return kNone;
      if (entry >> kMergeBits == key) return static_cast<uint32_t>(entry & ((1u << kMergeBits) - 1));
    }
  }
  MERGANSER_INLINE uint32_t find(uint32_t left, uint32_t right) const {
    const uint64_t k = key(left, right);
    return maybe(k) ? find_key(k) : kNone;
  }
};

class PairTable {
 public:
  explicit PairTable(size_t pairs);
  // A pair that is already there gets the new merge.
  void set(uint32_t left, uint32_t right, uint32_t merge);
  uint32_t find(uint32_t left, uint32_t right) const { return view_.find(left, right); }
  const PairView& view() const { return view_; }

 private:
  parallel::HugeArray<uint64_t> slots_;
  std::vector<uint64_t> filter_;
  PairView view_;
};

}  // namespace merganser::bpe
