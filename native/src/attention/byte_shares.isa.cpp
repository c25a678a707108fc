#include "merganser/attention/byte_shares.hpp"

#include "merganser/attention/attend_rows.hpp"
#include "merganser/simd/floats16_exp2.hpp"
#include "merganser/simd/floats16_rows.hpp"

#if defined(_MSC_VER)
#include <intrin.h>
#endif

namespace merganser::attention::MERGANSER_ISA_NS {
namespace {

using namespace simd::MERGANSER_ISA_NS;

constexpr size_t kMostPairs = kMaxDims / 2;
// Bytes of a panel for a pair of dimensions.
constexpr size_t kPairBytes = 2 * kBytePanel;

// Sixteen sums of products. `vnni`: whether the processor multiplies and adds pairs at once.
#if defined(__AVX512BW__)

constexpr size_t kTile = 24;

struct Sums16 {
  __m512i all;
  using Numbers = __m512i;
  static MERGANSER_INLINE Sums16 zero() { return {_mm512_setzero_si512()}; }
  static MERGANSER_INLINE Numbers load(const int8_t* from) { return _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))); }
  // A pair of 16 bits each with the pairs of all lanes.
  template <bool vnni>
  MERGANSER_INLINE void add(const int32_t* pair, const Numbers& numbers) {
#if defined(_MSC_VER)
    if constexpr (vnni) all = _mm512_dpwssd_epi32(all, numbers, _mm512_set1_epi32(*pair));
    else all = _mm512_add_epi32(all, _mm512_madd_epi16(numbers, _mm512_set1_epi32(*pair)));
#elif defined(__clang__)
    all = _mm512_add_epi32(all, _mm512_madd_epi16(numbers, _mm512_set1_epi32(*pair)));
#else
    // VNNI is not part of what these files are compiled for, but has_vnni() asks for it.
    if constexpr (vnni) asm("vpdpwssd %2%{1to16%}, %1, %0" : "+v"(all) : "v"(numbers), "m"(*pair));
    else all = _mm512_add_epi32(all, _mm512_madd_epi16(numbers, _mm512_set1_epi32(*pair)));
#endif
  }
  MERGANSER_INLINE Floats16 floats() const { return {_mm512_cvtepi32_ps(all)}; }
};

bool has_vnni() {
#if defined(_MSC_VER)
  int leaf[4];
  __cpuidex(leaf, 7, 0);
  return (leaf[2] >> 11 & 1) != 0;
#elif defined(__clang__)
  return false;
#else
  return __builtin_cpu_supports("avx512vnni");
#endif
}

#else

bool has_vnni() { return false; }

#if defined(__AVX2__)

constexpr size_t kTile = 6;

struct Sums16 {
  __m256i low, high;
  struct Numbers {
    __m256i low, high;
  };
  static MERGANSER_INLINE Sums16 zero() { return {_mm256_setzero_si256(), _mm256_setzero_si256()}; }
  static MERGANSER_INLINE Numbers load(const int8_t* from) {
    const auto* const sixteen = reinterpret_cast<const __m128i*>(from);
    return {_mm256_cvtepi8_epi16(_mm_loadu_si128(sixteen)), _mm256_cvtepi8_epi16(_mm_loadu_si128(sixteen + 1))};
  }
  template <bool vnni>
  MERGANSER_INLINE void add(const int32_t* pair, const Numbers& numbers) {
    const __m256i factor = _mm256_set1_epi32(*pair);
    low = _mm256_add_epi32(low, _mm256_madd_epi16(numbers.low, factor));
    high = _mm256_add_epi32(high, _mm256_madd_epi16(numbers.high, factor));
  }
  MERGANSER_INLINE Floats16 floats() const { return {_mm256_cvtepi32_ps(low), _mm256_cvtepi32_ps(high)}; }
};

#else

constexpr size_t kTile = 4;

struct Sums16 {
  int32_t each[kBytePanel];
  using Numbers = const int8_t*;
  static MERGANSER_INLINE Sums16 zero() { return {}; }
  static MERGANSER_INLINE Numbers load(const int8_t* from) { return from; }
  template <bool vnni>
  MERGANSER_INLINE void add(const int32_t* pair, Numbers numbers) {
    const auto low = static_cast<int16_t>(*pair), high = static_cast<int16_t>(*pair >> 16);
    for (size_t lane = 0; lane < kBytePanel; ++lane) each[lane] += low * numbers[2 * lane] + high * numbers[2 * lane + 1];
  }
  MERGANSER_INLINE Floats16 floats() const {
    float result[kBytePanel];
    for (size_t lane = 0; lane < kBytePanel; ++lane) result[lane] = static_cast<float>(each[lane]);
    return Floats16::load(result);
  }
};

#endif
#endif

// Some queries, side by side: [pair][query].
struct QueryTile {
  int32_t pairs[kMostPairs * kTile];
  float scales[kTile];
  size_t count;
};

// Rounds a query to whole numbers and gives their scale.
float to_whole(const float* query, size_t pairs, int32_t* to) {
  // Added to a number, the nearest integer stands in the lowest bits of the sum.
  float each[2 * kMostPairs];
  Floats16 most = Floats16::broadcast(0);
  for (size_t dim = 0; dim < 2 * pairs; dim += 16) {
    const Floats16 numbers = Floats16::load(query + dim);
    most.take_greater(numbers);
    most.take_greater(product_of(numbers, Floats16::broadcast(-1)));
  }
  const float greatest = most.greatest(), factor = greatest > 0 ? kGreatestWhole / greatest : 0;
  for (size_t dim = 0; dim < 2 * pairs; ++dim) each[dim] = query[dim] * factor + kRounding;
  for (size_t i = 0; i < pairs; ++i) {
    const auto low = static_cast<uint16_t>(std::bit_cast<uint32_t>(each[2 * i])), high = static_cast<uint16_t>(std::bit_cast<uint32_t>(each[2 * i + 1]));
    to[i * kTile] = static_cast<int32_t>(uint32_t{low} | uint32_t{high} << 16);
  }
  return greatest / kGreatestWhole;
}

void take_queries(const FloatQueries& queries, size_t first, size_t pairs, QueryTile& tile) {
  tile.count = queries.count - first < kTile ? queries.count - first : kTile;
  for (size_t q = 0; q < tile.count; ++q) tile.scales[q] = to_whole(queries.numbers + (first + q) * queries.stride, pairs, tile.pairs + q);
  for (size_t q = tile.count; q < kTile; ++q) {
    tile.scales[q] = 0;
    for (size_t i = 0; i < pairs; ++i) tile.pairs[i * kTile + q] = 0;
  }
}

// Logits of a tile, [query][centroid], and the greatest of each query, lane by lane.
template <bool vnni>
void tile_logits(const BytePanels& panels, const QueryTile& tile, float* logits, Floats16* most) {
  const size_t room = panels.centroids();
#pragma GCC unroll 24
  for (size_t q = 0; q < kTile; ++q) most[q] = Floats16::broadcast(kNothingSeen);
  const int8_t* numbers = panels.numbers;
  for (size_t at = 0; at < room; at += kBytePanel) {
    Sums16 sums[kTile];
#pragma GCC unroll 24
    for (size_t q = 0; q < kTile; ++q) sums[q] = Sums16::zero();
    const int32_t* pairs = tile.pairs;
    for (size_t i = 0; i < panels.pairs; ++i, pairs += kTile, numbers += kPairBytes) {
      const Sums16::Numbers some = Sums16::load(numbers);
#pragma GCC unroll 24
      for (size_t q = 0; q < kTile; ++q) sums[q].template add<vnni>(pairs + q, some);
    }
    const Floats16 scales = Floats16::load(panels.scales + at), hidden = Floats16::load(panels.hidden + at);
#pragma GCC unroll 24
    for (size_t q = 0; q < kTile; ++q) {
      Floats16 logit = hidden;
      logit.add_product(Floats16::factor(tile.scales[q]), product_of(sums[q].floats(), scales));
      logit.store(logits + q * room + at);
      most[q].take_greater(logit);
    }
  }
}

// From logits of two queries to weights, and 1 / Σ sizes × weights of each.
void soften(const BytePanels& panels, float* first, float* second, const Floats16* most, float* parts) {
  // Vectors that are summed up in single precision.
  constexpr size_t kSummed = 8 * 16;
  const size_t room = panels.centroids();
  float* const logits[2] = {first, second};
  const Floats16 greatest[2] = {Floats16::broadcast(most[0].greatest()), Floats16::broadcast(most[1].greatest())};
  double all[2] = {};
  for (size_t from = 0; from < room; from += kSummed) {
    Floats16 sums[2] = {Floats16::broadcast(0), Floats16::broadcast(0)};
    for (size_t i = from; i < room && i < from + kSummed; i += 32) {
      Floats16 weights[2][2];
#pragma GCC unroll 2
      for (size_t q = 0; q < 2; ++q) {
        weights[q][0] = Floats16::load(logits[q] + i);
        weights[q][1] = Floats16::load(logits[q] + i + 16);
      }
      exp2_below_each<2>(weights, greatest);
#pragma GCC unroll 2
      for (size_t q = 0; q < 2; ++q) {
#pragma GCC unroll 2
        for (size_t p = 0; p < 2; ++p) {
          weights[q][p].store(logits[q] + i + 16 * p);
          add_products(sums[q], weights[q][p], Floats16::load(panels.sizes + i + 16 * p));
        }
      }
    }
    all[0] += static_cast<double>(total(sums[0]));
    all[1] += static_cast<double>(total(sums[1]));
  }
  for (size_t q = 0; q < 2; ++q) parts[q] = all[q] == 0 ? 0.f : static_cast<float>(1 / all[q]);
}

void add_weights(const float* weights, size_t room, const float* parts, float* shares) {
  Floats16::Factor factors[kTile];
#pragma GCC unroll 24
  for (size_t q = 0; q < kTile; ++q) factors[q] = Floats16::factor(parts[q]);
  for (size_t i = 0; i < room; i += 16) {
    Floats16 share = Floats16::load(shares + i);
#pragma GCC unroll 24
    for (size_t q = 0; q < kTile; ++q) share.add_product(factors[q], Floats16::load(weights + q * room + i));
    share.store(shares + i);
  }
}

template <bool vnni>
void add_shares_of_all(const BytePanels& panels, const FloatQueries& queries, float* logits, float* shares) {
  const size_t room = panels.centroids();
  QueryTile tile;
  Floats16 most[kTile];
  for (size_t first = 0; first < queries.count; first += kTile) {
    take_queries(queries, first, panels.pairs, tile);
    tile_logits<vnni>(panels, tile, logits, most);
    float parts[kTile] = {};
    for (size_t q = 0; q < tile.count; q += 2) soften(panels, logits + q * room, logits + (q + 1) * room, most + q, parts + q);
    for (size_t q = tile.count; q < kTile; ++q) parts[q] = 0;
    add_weights(logits, room, parts, shares);
  }
}

}  // namespace

size_t byte_shares_memory(const BytePanels& panels) { return kTile * panels.centroids(); }

void add_byte_shares(const BytePanels& panels, const FloatQueries& queries, float* memory, float* shares) {
  if (has_vnni()) add_shares_of_all<true>(panels, queries, memory, shares);
  else add_shares_of_all<false>(panels, queries, memory, shares);
}

}  // namespace merganser::attention::MERGANSER_ISA_NS
