// Nearly every value holds its ids itself. One at a time, all places of a value are written and the end moves on by as many as there are; with AVX-512
// several values are unpacked at once, and the places that are in use are moved together.
#include "merganser/bpe/write_ids.hpp"

#include "merganser/bpe/piece_tables.hpp"
#include "merganser/simd/intrinsics.hpp"

namespace merganser::bpe::MERGANSER_ISA_NS {
namespace {

MERGANSER_INLINE const uint32_t* record_of(uint64_t value, const StoredIds& stored) {
  return (value & kTemporary ? stored.temporary : stored.kept) + static_cast<uint32_t>(value);
}

template <uint32_t kIdBits>
MERGANSER_INLINE uint32_t* write_one(uint64_t value, const StoredIds& stored, uint32_t* out) {
  constexpr uint32_t kMask = (1u << kIdBits) - 1;
  const uint32_t ids = static_cast<uint32_t>(value >> kCountShift) & 7;
  if (ids == kStored) [[unlikely]] {
    const uint32_t* record = record_of(value, stored);
    __builtin_memcpy(out, record + 1, kStoredAtLeast * sizeof(uint32_t));
    if (record[0] > kStoredAtLeast) __builtin_memcpy(out, record + 1, uint64_t{record[0]} * sizeof(uint32_t));
    return out + record[0];
  }
  out[0] = static_cast<uint32_t>(value) & kMask;
  out[1] = static_cast<uint32_t>(value >> kIdBits) & kMask;
  if constexpr (kIdBits == 18) out[2] = static_cast<uint32_t>(value >> 2 * kIdBits) & kMask;
  return out + ids;
}

#if defined(__AVX512F__)

// Ids and counts of kTogether values. `in_use` says which of the sixteen places hold an id; a place that none can use is marked where ids are stored.
struct Unpacked {
  __m512i ids;
  uint32_t in_use;
};

// Four places a value, of which the last is the count's.
struct Ids18 {
  static constexpr uint32_t kBits = 18, kTogether = 4, kStoredPlaces = 0x8888;
  static MERGANSER_INLINE Unpacked unpack(const uint64_t* values) {
    const __m512i twice = _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 0, 1, 1, 2, 2, 3, 3),
                                                   _mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(values))));
    const __m512i even = _mm512_srlv_epi64(twice, _mm512_setr_epi64(0, 36, 0, 36, 0, 36, 0, 36));
    const __m512i odd = _mm512_srlv_epi64(twice, _mm512_setr_epi64(18, 54, 18, 54, 18, 54, 18, 54));
    const __m512i places = _mm512_mask_shuffle_epi32(even, 0xAAAA, odd, _MM_PERM_CCAA);
    const __m512i counts = _mm512_and_si512(_mm512_shuffle_epi32(places, _MM_PERM_DDDD), _mm512_set1_epi32(7));
    const __m512i place = _mm512_setr_epi32(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3);
    return {_mm512_and_si512(places, _mm512_set1_epi32((1 << 18) - 1)), _mm512_cmpgt_epi32_mask(counts, place)};
  }
};

// Two places a value.
struct Ids27 {
  static constexpr uint32_t kBits = 27, kTogether = 8, kStoredPlaces = ~0xFFFFu;
  static MERGANSER_INLINE Unpacked unpack(const uint64_t* values) {
    const __m512i all = _mm512_loadu_si512(values);
    const __m512i places = _mm512_mask_shuffle_epi32(all, 0xAAAA, _mm512_srli_epi64(all, 27), _MM_PERM_CCAA);
    const __m512i counts = _mm512_and_si512(_mm512_shuffle_epi32(_mm512_srli_epi64(all, kCountShift), _MM_PERM_CCAA), _mm512_set1_epi32(7));
    const __m512i place = _mm512_setr_epi32(0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1);
    const uint32_t stored = _mm512_cmpeq_epi32_mask(counts, _mm512_set1_epi32(kStored));
    return {_mm512_and_si512(places, _mm512_set1_epi32((1 << 27) - 1)), _mm512_cmpgt_epi32_mask(counts, place) | stored << 16};
  }
};

template <typename Ids>
MERGANSER_INLINE uint32_t* write_together(const uint64_t* values, uint32_t count, const StoredIds& stored, uint32_t* out) {
  uint32_t i = 0;
  for (; i + Ids::kTogether <= count; i += Ids::kTogether) {
    const Unpacked unpacked = Ids::unpack(values + i);
    if (unpacked.in_use & Ids::kStoredPlaces) [[unlikely]] {
      for (uint32_t j = 0; j < Ids::kTogether; ++j) out = write_one<Ids::kBits>(values[i + j], stored, out);
      continue;
    }
    _mm512_storeu_si512(out, _mm512_maskz_compress_epi32(static_cast<__mmask16>(unpacked.in_use), unpacked.ids));
    out += __builtin_popcount(unpacked.in_use);
  }
  for (; i < count; ++i) out = write_one<Ids::kBits>(values[i], stored, out);
  return out;
}

#else

template <uint32_t kIdBits>
MERGANSER_INLINE uint32_t* write_all(const uint64_t* values, uint32_t count, const StoredIds& stored, uint32_t* out) {
  for (uint32_t i = 0; i < count; ++i) out = write_one<kIdBits>(values[i], stored, out);
  return out;
}

#endif

}  // namespace

uint32_t* write_ids18(const uint64_t* values, uint32_t count, const StoredIds& stored, uint32_t* out) {
#if defined(__AVX512F__)
  return write_together<Ids18>(values, count, stored, out);
#else
  return write_all<18>(values, count, stored, out);
#endif
}

uint32_t* write_ids27(const uint64_t* values, uint32_t count, const StoredIds& stored, uint32_t* out) {
#if defined(__AVX512F__)
  return write_together<Ids27>(values, count, stored, out);
#else
  return write_all<27>(values, count, stored, out);
#endif
}

// Without a branch on the value, and without a look at what is stored, as long as values say how much that is.
uint64_t count_ids(const uint64_t* values, uint32_t count, const StoredIds& stored) {
  uint64_t total = 0, too_many = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t inside = values[i] >> kCountShift & 7, outside = values[i] >> kStoredCountShift & kMostStored;
    const uint64_t ids = inside == kStored ? outside : inside;
    total += ids;
    too_many |= (ids + 1) & (kMostStored + 1);
  }
  for (uint32_t i = 0; too_many != 0 && i < count; ++i) {
    if ((values[i] >> kCountShift & 7) == kStored) total += *record_of(values[i], stored) - (values[i] >> kStoredCountShift & kMostStored);
  }
  return total;
}

}  // namespace merganser::bpe::MERGANSER_ISA_NS
