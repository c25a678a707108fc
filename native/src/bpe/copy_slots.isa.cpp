// Copying all 16 bytes of a slot costs two instructions and no branch on the length. Eight ids are written before anything is asked: whether all of
// them were short tokens. What is left then is memory, which is asked for ahead: slots of ids that come later (the table does not fit the L2 cache,
// let alone L1), the lines that are written to, and the ids themselves, where the processor's own prefetching stops at each page.
#include "merganser/bpe/copy_slots.hpp"

#include "merganser/simd/inline.hpp"
#include "merganser/simd/intrinsics.hpp"

namespace merganser::bpe::MERGANSER_ISA_NS {
namespace {

constexpr size_t kBytesAhead = 1024, kIdsAhead = 1024;
// 512 KB.
constexpr uint32_t kFewSlots = 1u << 15;

// Asks for memory that may lie beyond the array.
template <typename T>
MERGANSER_INLINE void prefetch_beyond(const T* array, size_t elements) {
  __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(array) + elements * sizeof(T)));
}

struct Seen {
  bool beyond;   // some are no slots
  bool partial;  // some are ids that are told of
};

// `count` is a multiple of eight. Vectors of 512 bits would slow the processor down for nothing.
MERGANSER_INLINE Seen see(const uint32_t* ids, size_t count, const SlotTable& table) {
#if defined(__AVX2__)
  const __m256i from = _mm256_set1_epi32(static_cast<int>(table.partial_from));
  __m256i most = _mm256_setzero_si256(), nearest = _mm256_set1_epi32(-1);
  for (size_t i = 0; i < count; i += 8) {
    const __m256i some = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(ids + i));
    most = _mm256_max_epu32(most, some);
    nearest = _mm256_min_epu32(nearest, _mm256_sub_epi32(some, from));
  }
  const auto any_at_least = [](__m256i values, uint32_t least) {
    const __m256i bound = _mm256_set1_epi32(static_cast<int>(least)), same = _mm256_cmpeq_epi32(_mm256_max_epu32(values, bound), values);
    return !_mm256_testz_si256(same, same);
  };
  const auto all_at_least = [](__m256i values, uint32_t least) {
    const __m256i bound = _mm256_set1_epi32(static_cast<int>(least));
    return _mm256_testc_si256(_mm256_cmpeq_epi32(_mm256_max_epu32(values, bound), values), _mm256_set1_epi32(-1)) != 0;
  };
  return {any_at_least(most, table.count), !all_at_least(nearest, table.partials)};
#else
  uint32_t signs = 0;
  bool partial = false;
  for (size_t i = 0; i < count; ++i) {
    signs |= ids[i] | (table.count - 1 - ids[i]);
    partial |= ids[i] - table.partial_from < table.partials;
  }
  return {signs >> 31 != 0, partial};
#endif
}

// Two ids by one load: loads are what there is most of.
struct Pair {
  explicit MERGANSER_INLINE Pair(const uint32_t* ids) { __builtin_memcpy(&both, ids, sizeof both); }
  MERGANSER_INLINE size_t first() const { return both & UINT32_MAX; }
  MERGANSER_INLINE size_t second() const { return both >> 32; }

  uint64_t both;
};

// All bytes of slots or-ed: behind a token they are zero, and its length is below 16.
struct Bits {
#if defined(__AVX2__)
  MERGANSER_INLINE void copy(const TokenSlot* slot, uint8_t* to) {
    const __m128i bytes = _mm_load_si128(reinterpret_cast<const __m128i*>(slot));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
    any = _mm_or_si128(any, bytes);
  }
  MERGANSER_INLINE bool ascii() const { return _mm_movemask_epi8(any) == 0; }

  __m128i any = _mm_setzero_si128();
#else
  MERGANSER_INLINE void copy(const TokenSlot* slot, uint8_t* to) {
    uint64_t words[2];
    __builtin_memcpy(words, slot, sizeof words);
    __builtin_memcpy(to, words, sizeof words);
    any |= words[0] | words[1];
  }
  MERGANSER_INLINE bool ascii() const { return (any & 0x8080808080808080) == 0; }

  uint64_t any = 0;
#endif
};

// The slot's number; the end moves on by as much.
MERGANSER_INLINE uint32_t copy(const TokenSlot* slot, uint8_t*& end, Bits& bits) {
  const uint32_t length = slot->length;
  bits.copy(slot, end);
  end += length;
  return length;
}

// `kAsk`: the table does not fit the L2 cache, and slots are asked for.
template <bool kAsk>
MERGANSER_INLINE CopiedSlots copy_slots(const uint32_t* ids, size_t count, const TokenSlot* slots, uint8_t* out) {
  Bits bits;
  for (size_t i = 0; i < count; i += kSlotsTogether) {
    Bits more = bits;
    __builtin_prefetch(out + kBytesAhead, 1);
    prefetch_beyond(ids + i, kIdsAhead);
    uint8_t* end = out;
    uint32_t lengths = 0;
#pragma GCC unroll 4
    for (size_t j = i; j < i + kSlotsTogether; j += 2) {
      if constexpr (kAsk) {
        // These may be any numbers.
        const Pair later(ids + j + kSlotsAhead);
        prefetch_beyond(slots, later.first());
        prefetch_beyond(slots, later.second());
      }
      const Pair pair(ids + j);
      lengths |= copy(slots + pair.first(), end, more);
      lengths |= copy(slots + pair.second(), end, more);
    }
    if (lengths & TokenSlot::kLookCloser) return {i, out, false, bits.ascii()};
    out = end;
    bits = more;
  }
  return {count, out, false, bits.ascii()};
}

}  // namespace

CopiedSlots copy_slots(const uint32_t* ids, size_t count, const SlotTable& table, uint8_t* out) {
  const Seen seen = see(ids, count, table);
  CopiedSlots copied{0, out, false, true};
  if (!seen.beyond) copied = table.count <= kFewSlots ? copy_slots<false>(ids, count, table.slots, out) : copy_slots<true>(ids, count, table.slots, out);
  copied.partial = seen.partial;
  return copied;
}

}  // namespace merganser::bpe::MERGANSER_ISA_NS
