// The hot loop of encoding: a few pieces ahead the bucket of a piece is prefetched, then compared without a branch on the outcome; what was
// not found is noted without a branch and merged later, so that the rare slow case costs no misprediction here. The only branch that text
// decides is the size class, and 9 of 10 pieces are of the first.
#include "merganser/bpe/piece_tables.hpp"
#include "merganser/simd/intrinsics.hpp"

namespace merganser::bpe::MERGANSER_ISA_NS {
namespace {

// Far enough ahead to hide a trip to L3, near enough for the lines to be in L1 still.
constexpr uint32_t kAhead = 24;

MERGANSER_INLINE void prefetch(const void* line) { __builtin_prefetch(line, 0, 3); }

MERGANSER_INLINE void prefetch_bucket(const TablesView& tables, const uint8_t* piece, uint32_t size) {
  if (size <= 8) [[likely]] {
    prefetch(&tables.table8[hash8(low_bytes(load64(piece), size)) >> tables.shift8]);
  } else if (size <= 15) {
    prefetch(&tables.table16[hash16(load64(piece), low_bytes(load64(piece + 8), size - 8)) >> tables.shift16]);
  } else if (size <= kLongestKey) {
    prefetch(&tables.table32[piece_key(piece, size).hash >> tables.shift32]);
  }
}

// The value at the key's place, or that of another place (which cannot have the right length if the key is not there: then `found` is false).
struct Found {
  uint64_t value;
  bool found;
};

MERGANSER_INLINE Found find8(const Bucket8& bucket, uint64_t key) {
#if defined(__AVX2__)
  const __m256i same = _mm256_cmpeq_epi64(_mm256_load_si256(reinterpret_cast<const __m256i*>(bucket.key)), _mm256_set1_epi64x(static_cast<long long>(key)));
  const uint32_t mask = static_cast<uint32_t>(_mm256_movemask_pd(_mm256_castsi256_pd(same)));
#else
  const uint32_t mask = static_cast<uint32_t>(bucket.key[0] == key) | static_cast<uint32_t>(bucket.key[1] == key) << 1 |
                        static_cast<uint32_t>(bucket.key[2] == key) << 2 | static_cast<uint32_t>(bucket.key[3] == key) << 3;
#endif
  return {bucket.value[__builtin_ctz(mask | 8)], mask != 0};
}

MERGANSER_INLINE Found find16(const Bucket16& bucket, uint64_t low, uint64_t high) {
  const bool first = (bucket.low[0] == low) & (bucket.high[0] == high);
  const bool second = (bucket.low[1] == low) & (bucket.high[1] == high);
  return {bucket.value[first ? 0 : 1], static_cast<bool>(first | second)};
}

MERGANSER_INLINE Found find32(const Bucket32& bucket, const PieceKey& key) {
  const uint64_t different = (bucket.key[0] ^ key.word[0]) | (bucket.key[1] ^ key.word[1]) | (bucket.key[2] ^ key.word[2]) | (bucket.key[3] ^ key.word[3]);
  return {bucket.value[0], different == 0};
}

}  // namespace

uint32_t look_up_pieces(const TablesView& tables, const uint8_t* text, const uint32_t* bounds, uint32_t count, uint64_t* values, uint16_t* misses) {
  uint32_t missed = 0;
  for (uint32_t i = 0; i < (count < kAhead ? count : kAhead); ++i) prefetch_bucket(tables, text + bounds[i], bounds[i + 1] - bounds[i]);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t next = i + kAhead < count ? i + kAhead : count - 1;
    prefetch_bucket(tables, text + bounds[next], bounds[next + 1] - bounds[next]);
    const uint32_t size = bounds[i + 1] - bounds[i];
    const uint8_t* piece = text + bounds[i];
    misses[missed] = static_cast<uint16_t>(i);
    if (size <= 8) [[likely]] {
      const uint64_t key = low_bytes(load64(piece), size);
      const Found entry = find8(tables.table8[hash8(key) >> tables.shift8], key);
      values[i] = entry.value;
      missed += !entry.found | (entry.value >> kLengthShift != size);
    } else if (size <= 15) {
      const uint64_t low = load64(piece), high = low_bytes(load64(piece + 8), size - 8);
      const Found entry = find16(tables.table16[hash16(low, high) >> tables.shift16], low, high);
      values[i] = entry.value;
      missed += !entry.found | (entry.value >> kLengthShift != size);
    } else if (size <= kLongestKey) {
      const PieceKey key = piece_key(piece, size);
      const Found entry = find32(tables.table32[key.hash >> tables.shift32], key);
      values[i] = entry.value;
      missed += !entry.found;
    } else {
      missed += 1;
    }
  }
  return missed;
}

}  // namespace merganser::bpe::MERGANSER_ISA_NS
