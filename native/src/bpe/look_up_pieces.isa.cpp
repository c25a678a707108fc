// The hot loop of encoding. Nine of ten pieces have at most 8 bytes, and a branch on that is mispredicted for the tenth. So 32 pieces at a time get key
// and bucket as if all were short; the longer ones, whose key then leads to the first bucket and whose value does not count, are noted without a branch
// and looked up afterwards, each size class in a loop of its own. While 32 pieces are compared, the buckets of the next 32 are asked for: far enough
// ahead to hide a trip to L3, near enough for the lines to be in L1 still. What was not found is noted without a branch, too, and merged later.
#include "merganser/bpe/piece_tables.hpp"
#include "merganser/simd/intrinsics.hpp"

namespace merganser::bpe::MERGANSER_ISA_NS {
namespace {

constexpr uint32_t kGroup = 32;
// How far ahead buckets of longer pieces are asked for.
constexpr uint32_t kAhead = 12;

MERGANSER_INLINE void prefetch(const void* line) { __builtin_prefetch(line, 0, 3); }

// Numbers of pieces, with room to write beyond the end.
struct List {
  uint16_t number[kMostPieces + 16];
  uint32_t count = 0;
};

// Keys and homes of up to 32 pieces.
struct Group {
  alignas(64) uint64_t key[kGroup];
  alignas(64) uint32_t home[kGroup];
};

#if defined(__AVX512F__)

// Sixteen numbers from `first` on, those of the mask.
MERGANSER_INLINE void note(uint32_t first, uint32_t mask, uint16_t* out, uint32_t& count) {
  const __m512i numbers = _mm512_add_epi32(_mm512_set1_epi32(static_cast<int>(first)), _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  const __m512i chosen = _mm512_maskz_compress_epi32(static_cast<__mmask16>(mask), numbers);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + count), _mm512_cvtepi32_epi16(chosen));
  count += static_cast<uint32_t>(__builtin_popcount(mask));
}

// 32 places are readable.
MERGANSER_INLINE void prepare(const TablesView& tables, const uint8_t* text, const uint32_t* begins, const uint32_t* ends, uint32_t first, uint32_t count, Group& group, List& medium,
                              List& large) {
  alignas(64) uint64_t words[kGroup];
  for (uint32_t i = 0; i < count; ++i) words[i] = load64(text + begins[i]);
  const __m512i multiplier = _mm512_set1_epi64(static_cast<long long>(kHash8)), all = _mm512_set1_epi64(-1);
  const __m128i shift = _mm_cvtsi32_si128(static_cast<int>(32 + tables.shift8));
  for (uint32_t i = 0; i < kGroup; i += 16) {
    const __mmask16 valid = static_cast<__mmask16>(count >= i + 16 ? 0xFFFF : count > i ? (1u << (count - i)) - 1 : 0);
    const __m512i size = _mm512_maskz_sub_epi32(valid, _mm512_loadu_si512(ends + i), _mm512_loadu_si512(begins + i));
    const __mmask16 beyond8 = _mm512_cmpgt_epu32_mask(size, _mm512_set1_epi32(8)), beyond15 = _mm512_cmpgt_epu32_mask(size, _mm512_set1_epi32(15));
    note(first + i, beyond8 & ~static_cast<uint32_t>(beyond15), medium.number, medium.count);
    if (beyond15) [[unlikely]] note(first + i, beyond15, large.number, large.count);
    // A shift by 64 or more leaves nothing: of size 0, and of sizes beyond 8, whose shifts are negative.
    const __m512i unused = _mm512_sub_epi32(_mm512_set1_epi32(64), _mm512_slli_epi32(size, 3));
    for (uint32_t half = 0; half < 16; half += 8) {
      const __m512i shifts = _mm512_cvtepi32_epi64(half == 0 ? _mm512_castsi512_si256(unused) : _mm512_extracti64x4_epi64(unused, 1));
      const __m512i key = _mm512_and_si512(_mm512_load_si512(words + i + half), _mm512_srlv_epi64(all, shifts));
      const __m512i home = _mm512_srl_epi64(_mm512_mullo_epi64(key, multiplier), shift);
      _mm512_store_si512(group.key + i + half, key);
      _mm256_store_si256(reinterpret_cast<__m256i*>(group.home + i + half), _mm512_cvtepi64_epi32(home));
    }
  }
}

// 0 if the key is not there.
MERGANSER_INLINE void find8(const Bucket8& bucket, uint64_t key, uint64_t* value) {
  const __mmask8 same = _mm256_cmpeq_epi64_mask(_mm256_load_si256(reinterpret_cast<const __m256i*>(bucket.key)), _mm256_set1_epi64x(static_cast<long long>(key)));
  const __m256i found = _mm256_maskz_compress_epi64(same, _mm256_load_si256(reinterpret_cast<const __m256i*>(bucket.value)));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(value), _mm256_castsi256_si128(found));
}

// The short pieces whose values do not have their length.
MERGANSER_INLINE uint32_t note_missed8(const uint32_t* begins, const uint32_t* ends, uint32_t count, const uint64_t* values, uint16_t* misses) {
  uint32_t missed = 0;
  for (uint32_t i = 0; i < count; i += 16) {
    const __mmask16 valid = static_cast<__mmask16>(count >= i + 16 ? 0xFFFF : (1u << (count - i)) - 1);
    const __m512i size = _mm512_sub_epi32(_mm512_maskz_loadu_epi32(valid, ends + i), _mm512_maskz_loadu_epi32(valid, begins + i));
    const __m256i low = _mm512_cvtepi64_epi32(_mm512_srli_epi64(_mm512_maskz_loadu_epi64(static_cast<__mmask8>(valid), values + i), kLengthShift));
    const __m256i high = _mm512_cvtepi64_epi32(_mm512_srli_epi64(_mm512_maskz_loadu_epi64(static_cast<__mmask8>(valid >> 8), values + i + 8), kLengthShift));
    const __m512i length = _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
    const uint32_t wrong = _mm512_cmpneq_epi32_mask(size, length) & _mm512_cmple_epu32_mask(size, _mm512_set1_epi32(8));
    if (wrong) note(i, wrong, misses, missed);
  }
  return missed;
}

#else

MERGANSER_INLINE void prepare(const TablesView& tables, const uint8_t* text, const uint32_t* begins, const uint32_t* ends, uint32_t first, uint32_t count, Group& group, List& medium,
                              List& large) {
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t size = ends[i] - begins[i];
    medium.number[medium.count] = large.number[large.count] = static_cast<uint16_t>(first + i);
    medium.count += size - 9 < 7;
    large.count += size > 15;
    const uint64_t key = low_bytes(load64(text + begins[i]), size <= 8 ? size : 0);
    group.key[i] = key;
    group.home[i] = hash8(key) >> tables.shift8;
  }
}

// The value at the key's place, or that of another place (which cannot have the right length if the key is not there), or 0.
MERGANSER_INLINE void find8(const Bucket8& bucket, uint64_t key, uint64_t* value) {
#if defined(__AVX2__)
  const __m256i same = _mm256_cmpeq_epi64(_mm256_load_si256(reinterpret_cast<const __m256i*>(bucket.key)), _mm256_set1_epi64x(static_cast<long long>(key)));
  const uint32_t mask = static_cast<uint32_t>(_mm256_movemask_pd(_mm256_castsi256_pd(same)));
#else
  const uint32_t mask = static_cast<uint32_t>(bucket.key[0] == key) | static_cast<uint32_t>(bucket.key[1] == key) << 1 |
                        static_cast<uint32_t>(bucket.key[2] == key) << 2 | static_cast<uint32_t>(bucket.key[3] == key) << 3;
#endif
  const uint64_t there = mask != 0 ? ~uint64_t{0} : 0;
  *value = bucket.value[__builtin_ctz(mask | 8)] & there;
}

MERGANSER_INLINE uint32_t note_missed8(const uint32_t* begins, const uint32_t* ends, uint32_t count, const uint64_t* values, uint16_t* misses) {
  uint32_t missed = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t size = ends[i] - begins[i];
    misses[missed] = static_cast<uint16_t>(i);
    missed += static_cast<uint32_t>(values[i] >> kLengthShift != size) & static_cast<uint32_t>(size <= 8);
  }
  return missed;
}

#endif

void look_up8(const TablesView& tables, const uint8_t* text, const uint32_t* begins, const uint32_t* ends, uint32_t count, uint64_t* values, List& medium, List& large) {
  const Bucket8* const table = tables.table8;
  Group groups[2];
  // The last group's, so that whole vectors of them can be read.
  uint32_t last_begins[kGroup] = {}, last_ends[kGroup] = {};
  const auto prepare_group = [&](uint32_t first) {
    const uint32_t size = count - first < kGroup ? count - first : kGroup;
    const uint32_t *from = begins + first, *to = ends + first;
    if (size < kGroup) {
      from = static_cast<const uint32_t*>(__builtin_memcpy(last_begins, from, size * sizeof(uint32_t)));
      to = static_cast<const uint32_t*>(__builtin_memcpy(last_ends, to, size * sizeof(uint32_t)));
    }
    prepare(tables, text, from, to, first, size, groups[first / kGroup % 2], medium, large);
    return size;
  };
  if (count == 0) return;
  uint32_t size = prepare_group(0);
  for (uint32_t i = 0; i < size; ++i) prefetch(&table[groups[0].home[i]]);
  for (uint32_t first = 0; first < count; first += kGroup) {
    const Group& group = groups[first / kGroup % 2];
    const Group& next = groups[(first / kGroup + 1) % 2];
    const uint32_t next_size = first + kGroup < count ? prepare_group(first + kGroup) : 0;
    if (next_size == kGroup) [[likely]] {
      for (uint32_t i = 0; i < kGroup; ++i) {
        prefetch(&table[next.home[i]]);
        find8(table[group.home[i]], group.key[i], values + first + i);
      }
    } else {
      for (uint32_t i = 0; i < next_size; ++i) prefetch(&table[next.home[i]]);
      for (uint32_t i = 0; i < size; ++i) find8(table[group.home[i]], group.key[i], values + first + i);
    }
    size = next_size;
  }
}

// Calls `find` for each number of the list, `ask` for those that come later.
template <typename Ask, typename Find>
MERGANSER_INLINE void for_list(const List& list, Ask ask, Find find) {
  for (uint32_t i = 0; i < list.count && i < kAhead; ++i) ask(list.number[i]);
  for (uint32_t i = 0; i < list.count; ++i) {
    if (i + kAhead < list.count) ask(list.number[i + kAhead]);
    find(list.number[i]);
  }
}

}  // namespace

uint32_t look_up_pieces(const TablesView& tables, const uint8_t* text, const uint32_t* begins, const uint32_t* ends, uint32_t count, uint64_t* values,
                        uint16_t* misses) {
  List medium, large;
  look_up8(tables, text, begins, ends, count, values, medium, large);
  uint32_t missed = note_missed8(begins, ends, count, values, misses);
  const auto size_of = [&](uint32_t i) { return ends[i] - begins[i]; };
  const auto bucket16 = [&](uint32_t i, uint64_t& low, uint64_t& high) -> const Bucket16& {
    const uint8_t* piece = text + begins[i];
    low = load64(piece);
    high = low_bytes(load64(piece + 8), size_of(i) - 8);
    return tables.table16[hash16(low, high) >> tables.shift16];
  };
  for_list(
      medium,
      [&](uint32_t i) {
        uint64_t low, high;
        prefetch(&bucket16(i, low, high));
      },
      [&](uint32_t i) {
        uint64_t low, high;
        const Bucket16& bucket = bucket16(i, low, high);
        const bool first = (bucket.low[0] == low) & (bucket.high[0] == high);
        const bool second = (bucket.low[1] == low) & (bucket.high[1] == high);
        values[i] = bucket.value[first ? 0 : 1];
        misses[missed] = static_cast<uint16_t>(i);
        missed += static_cast<uint32_t>(!(first | second)) | static_cast<uint32_t>(values[i] >> kLengthShift != size_of(i));
      });
  for_list(
      large,
      [&](uint32_t i) {
        if (size_of(i) <= kLongestKey) prefetch(&tables.table32[piece_key(text + begins[i], size_of(i)).hash >> tables.shift32]);
      },
      [&](uint32_t i) {
        misses[missed] = static_cast<uint16_t>(i);
        if (size_of(i) > kLongestKey) {
          missed += 1;
          return;
        }
        const PieceKey key = piece_key(text + begins[i], size_of(i));
        const Bucket32& bucket = tables.table32[key.hash >> tables.shift32];
        const uint64_t different = (bucket.key[0] ^ key.word[0]) | (bucket.key[1] ^ key.word[1]) | (bucket.key[2] ^ key.word[2]) | (bucket.key[3] ^ key.word[3]);
        values[i] = bucket.value[0];
        missed += different != 0;
      });
  return missed;
}

uint32_t list_longer(const uint32_t* bounds, uint32_t count, uint32_t* begins, uint32_t* ends) {
  uint32_t listed = 0, i = 0;
#if defined(__AVX512F__)
  for (; i + 16 <= count; i += 16) {
    const __m512i begin = _mm512_loadu_si512(bounds + i), end = _mm512_loadu_si512(bounds + i + 1);
    const __mmask16 longer = _mm512_cmpneq_epi32_mask(_mm512_sub_epi32(end, begin), _mm512_set1_epi32(1));
    _mm512_storeu_si512(begins + listed, _mm512_maskz_compress_epi32(longer, begin));
    _mm512_storeu_si512(ends + listed, _mm512_maskz_compress_epi32(longer, end));
    listed += static_cast<uint32_t>(__builtin_popcount(longer));
  }
#endif
  for (; i < count; ++i) {
    begins[listed] = bounds[i];
    ends[listed] = bounds[i + 1];
    listed += bounds[i + 1] - bounds[i] != 1;
  }
  return listed;
}

}  // namespace merganser::bpe::MERGANSER_ISA_NS
