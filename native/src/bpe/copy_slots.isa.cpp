// Copying all 16 bytes of a slot costs two instructions and no branch on the length. Eight ids are written before anything is asked: whether all of
// them were short tokens. What is left then is memory, which is asked for ahead: slots of ids that come later (the table does not fit the L2 cache,
// let alone L1), the lines that are written to, and the ids themselves, where the processor's own prefetching stops at each page.
#include "merganser/bpe/copy_slots.hpp"

#include "merganser/simd/inline.hpp"
#include "merganser/simd/intrinsics.hpp"

namespace merganser::bpe::MERGANSER_ISA_NS {
namespace {

constexpr size_t kBytesAhead = 1024, kIdsAhead = 1024;

// Asks for memory that may lie beyond the array.
template <typename T>
MERGANSER_INLINE void prefetch_beyond(const T* array, size_t elements) {
  __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(array) + elements * sizeof(T)));
}

// `count` is a multiple of eight. Vectors of 512 bits would slow the processor down for nothing.
MERGANSER_INLINE bool all_below(const uint32_t* ids, size_t count, uint32_t bound) {
#if defined(__AVX2__)
  __m256i most = _mm256_setzero_si256();
  for (size_t i = 0; i < count; i += 8) most = _mm256_max_epu32(most, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(ids + i)));
  const __m256i least = _mm256_set1_epi32(static_cast<int>(bound));
  return _mm256_testz_si256(_mm256_cmpeq_epi32(_mm256_max_epu32(most, least), most), _mm256_set1_epi32(-1));
#else
  uint32_t signs = 0;
  for (size_t i = 0; i < count; ++i) signs |= ids[i] | (bound - 1 - ids[i]);
  return signs >> 31 == 0;
#endif
}

// Two ids by one load: loads are what there is most of.
struct Pair {
  explicit MERGANSER_INLINE Pair(const uint32_t* ids) { __builtin_memcpy(&both, ids, sizeof both); }
  MERGANSER_INLINE size_t first() const { return both & UINT32_MAX; }
  MERGANSER_INLINE size_t second() const { return both >> 32; }

  uint64_t both;
};

// The slot's number; the end moves on by as much.
MERGANSER_INLINE uint32_t copy(const TokenSlot* slot, uint8_t*& end) {
  const uint32_t length = slot->length;
  __builtin_memcpy(end, slot, sizeof *slot);
  end += length;
  return length;
}

}  // namespace

CopiedSlots copy_slots(const uint32_t* ids, size_t count, const TokenSlot* slots, uint32_t slot_count, uint8_t* out) {
  if (!all_below(ids, count, slot_count)) return {0, out};
  for (size_t i = 0; i < count; i += kSlotsTogether) {
    __builtin_prefetch(out + kBytesAhead, 1);
    prefetch_beyond(ids + i, kIdsAhead);
    uint8_t* end = out;
    uint32_t lengths = 0;
#pragma GCC unroll 4
    for (size_t j = i; j < i + kSlotsTogether; j += 2) {
      // These may be any numbers.
      const Pair later(ids + j + kSlotsAhead);
      prefetch_beyond(slots, later.first());
      prefetch_beyond(slots, later.second());
      const Pair pair(ids + j);
      lengths |= copy(slots + pair.first(), end);
      lengths |= copy(slots + pair.second(), end);
    }
    if (lengths & TokenSlot::kLookCloser) return {i, out};
    out = end;
  }
  return {count, out};
}

}  // namespace merganser::bpe::MERGANSER_ISA_NS
