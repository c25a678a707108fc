// (left symbol, right symbol) -> merge. A pair stands in the cache line that its hash names, or, if that was full, in the next: a look-up
// compares the whole line at once and needs no branch that text decides. In front of it a bit filter that fits the L2 cache, for those who cannot do
// something else while a line is on its way: most look-ups during merging are of pairs that do not exist, and end there.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "merganser/parallel/huge_array.hpp"
#include "merganser/simd/inline.hpp"
#include "merganser/simd/intrinsics.hpp"

namespace merganser::io {
class TableReader;
class TableWriter;
}  // namespace merganser::io

namespace merganser::bpe {

constexpr uint32_t kNone = 0xFFFFFFFFu;
constexpr uint32_t kSymbolBits = 21;                       // symbols (tokens) per model, at most 2^21
constexpr uint32_t kMergeBits = 64 - 2 * kSymbolBits;      // merges per model, at most 2^22
constexpr uint64_t kHashFactor = 0x9E3779B97F4A7C15ull;

// No token: stands beside the first and the last symbol of a piece.
constexpr uint32_t kNoSymbol = (1u << kSymbolBits) - 1;

struct alignas(64) PairBucket {
  static constexpr uint32_t kWays = 8;
  uint64_t entry[kWays];  // (key + 1) << kMergeBits | merge; 0 is empty
};

// What the hot loops see: plain pointers, so that they can be compiled once per instruction set.
struct PairView {
  const PairBucket* buckets;
  uint32_t shift;
  uint32_t mask;
  const uint64_t* filter;
  uint32_t filter_shift;

  MERGANSER_INLINE static uint64_t key(uint32_t left, uint32_t right) { return (static_cast<uint64_t>(left) << kSymbolBits | right) + 1; }
  MERGANSER_INLINE uint32_t home(uint64_t key) const { return static_cast<uint32_t>(key * kHashFactor >> shift); }
  MERGANSER_INLINE bool maybe(uint64_t key) const {
    const uint64_t hash = (key * kHashFactor) << 8 >> filter_shift;
    return filter[hash >> 6] >> (hash & 63) & 1;
  }
  MERGANSER_INLINE void prefetch(uint64_t key) const { __builtin_prefetch(&buckets[home(key)]); }
  // The bits of the entries that hold the key: one at most.
  MERGANSER_INLINE static uint32_t matches(const PairBucket& bucket, uint64_t key) {
#if defined(__AVX512F__)
    const __m512i keys = _mm512_srli_epi64(_mm512_load_si512(bucket.entry), kMergeBits);
    return _mm512_cmpeq_epi64_mask(keys, _mm512_set1_epi64(static_cast<long long>(key)));
#elif defined(__AVX2__)
    const __m256i wanted = _mm256_set1_epi64x(static_cast<long long>(key));
    const __m256i* const entries = reinterpret_cast<const __m256i*>(bucket.entry);
    const __m256i low = _mm256_cmpeq_epi64(_mm256_srli_epi64(_mm256_load_si256(entries), kMergeBits), wanted);
    const __m256i high = _mm256_cmpeq_epi64(_mm256_srli_epi64(_mm256_load_si256(entries + 1), kMergeBits), wanted);
    return static_cast<uint32_t>(_mm256_movemask_pd(_mm256_castsi256_pd(low)) | _mm256_movemask_pd(_mm256_castsi256_pd(high)) << 4);
#else
    uint32_t bits = 0;
    for (uint32_t i = 0; i < PairBucket::kWays; ++i) bits |= static_cast<uint32_t>(bucket.entry[i] >> kMergeBits == key) << i;
    return bits;
#endif
  }
  MERGANSER_INLINE uint32_t find_key(uint64_t key) const {
    for (uint32_t at = home(key);; at = (at + 1) & mask) {
      const PairBucket& bucket = buckets[at];
      const uint32_t bits = matches(bucket, key);
      const uint32_t merge = static_cast<uint32_t>(bucket.entry[__builtin_ctz(bits | 1u << 7)] & ((1u << kMergeBits) - 1));
      // Or-ed and not chosen: whether a pair merges is a coin toss, which compilers like to turn into a branch.
      if (bucket.entry[7] == 0 || bits != 0) [[likely]] return merge | (0u - static_cast<uint32_t>(bits == 0));
    }
  }
  MERGANSER_INLINE uint32_t find(uint32_t left, uint32_t right) const {
    const uint64_t k = key(left, right);
    return maybe(k) ? find_key(k) : kNone;
  }
};

// A table as it was saved, read before anything is known of the pairs. Throws io::Damaged.
struct SavedPairs {
  explicit SavedPairs(io::TableReader tables);
  static void skip(io::TableReader& tables);

  parallel::HugeArray<PairBucket> buckets;
  std::vector<uint64_t> filter;
  uint32_t merges = 0;  // one more than the greatest
};

class PairTable {
 public:
  explicit PairTable(size_t pairs);
  // For `pairs` pairs, as `save` wrote it; all merges are below `merges`. Throws io::Damaged.
  PairTable(size_t pairs, uint32_t merges, SavedPairs saved);
  void save(io::TableWriter& tables) const;
  // A pair that is already there gets the new merge.
  void set(uint32_t left, uint32_t right, uint32_t merge);
  uint32_t find(uint32_t left, uint32_t right) const { return view_.find(left, right); }
  const PairView& view() const { return view_; }
  // use(left, right, merge), in no particular order.
  template <typename Use>
  void for_each(Use use) const {
    for (size_t at = 0; at < buckets_.size(); ++at) {
      for (const uint64_t entry : buckets_[at].entry) {
        if (entry == 0) break;
        const uint64_t pair = (entry >> kMergeBits) - 1;
        use(static_cast<uint32_t>(pair >> kSymbolBits), static_cast<uint32_t>(pair & kNoSymbol), static_cast<uint32_t>(entry & ((1u << kMergeBits) - 1)));
      }
    }
  }

 private:
  PairTable(size_t pairs, parallel::HugeArray<PairBucket> buckets, std::vector<uint64_t> filter);
  parallel::HugeArray<PairBucket> buckets_;
  std::vector<uint64_t> filter_;
  PairView view_;
};

}  // namespace merganser::bpe
