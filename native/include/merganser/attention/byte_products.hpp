// Products of rows of one byte with queries that are rounded to 16 bits: whole numbers, the same on every instruction set. Processors with VNNI make 32 at a time, twice as many as
// of float32. For kernels only (*.isa.cpp).
#pragma once
#include <bit>

#include "merganser/attention/attend_rows.hpp"
#include "merganser/attention/byte_panels.hpp"
#include "merganser/simd/floats16_exp2.hpp"

#if defined(_MSC_VER)
#include <intrin.h>
#endif

namespace merganser::attention::MERGANSER_ISA_NS {

using simd::MERGANSER_ISA_NS::Floats16;

// The greatest of the whole numbers that queries are rounded to: sums of products stay below 2³¹.
constexpr float kGreatestWhole = 32767;

// Sixteen sums of products. `vnni`: whether the processor multiplies and adds pairs at once.
#if defined(__AVX512BW__)

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
  // A pair that several sums are added to with: loaded once.
  using Pair = __m512i;
  static MERGANSER_INLINE Pair pair(const int32_t* from) { return _mm512_set1_epi32(*from); }
  template <bool vnni>
  MERGANSER_INLINE void add_pair(const Pair& pair, const Numbers& numbers) {
#if defined(_MSC_VER)
    if constexpr (vnni) all = _mm512_dpwssd_epi32(all, numbers, pair);
    else all = _mm512_add_epi32(all, _mm512_madd_epi16(numbers, pair));
#elif defined(__clang__)
    all = _mm512_add_epi32(all, _mm512_madd_epi16(numbers, pair));
#else
    if constexpr (vnni) asm("vpdpwssd %2, %1, %0" : "+v"(all) : "v"(numbers), "v"(pair));
    else all = _mm512_add_epi32(all, _mm512_madd_epi16(numbers, pair));
#endif
  }
  MERGANSER_INLINE Floats16 floats() const { return {_mm512_cvtepi32_ps(all)}; }
};

MERGANSER_INLINE bool has_vnni() {
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

MERGANSER_INLINE bool has_vnni() { return false; }

#if defined(__AVX2__)

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
    add_pair<vnni>(Sums16::pair(pair), numbers);
  }
  using Pair = __m256i;
  static MERGANSER_INLINE Pair pair(const int32_t* from) { return _mm256_set1_epi32(*from); }
  template <bool vnni>
  MERGANSER_INLINE void add_pair(const Pair& pair, const Numbers& numbers) {
    low = _mm256_add_epi32(low, _mm256_madd_epi16(numbers.low, pair));
    high = _mm256_add_epi32(high, _mm256_madd_epi16(numbers.high, pair));
  }
  MERGANSER_INLINE Floats16 floats() const { return {_mm256_cvtepi32_ps(low), _mm256_cvtepi32_ps(high)}; }
};

#else

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
  using Pair = const int32_t*;
  static MERGANSER_INLINE Pair pair(const int32_t* from) { return from; }
  template <bool vnni>
  MERGANSER_INLINE void add_pair(Pair pair, Numbers numbers) {
    add<vnni>(pair, numbers);
  }
  MERGANSER_INLINE Floats16 floats() const {
    float result[kBytePanel];
    for (size_t lane = 0; lane < kBytePanel; ++lane) result[lane] = static_cast<float>(each[lane]);
    return Floats16::load(result);
  }
};

#endif
#endif

// Rounds a query, with zeros up to a multiple of 16, to whole numbers and gives their scale: to[apart × pair].
MERGANSER_INLINE float to_whole(const float* query, size_t pairs, size_t apart, int32_t* to) {
  // Added to a number, the nearest integer stands in the lowest bits of the sum.
  float each[kMaxDims];
  Floats16 most = Floats16::broadcast(0);
  for (size_t dim = 0; dim < 2 * pairs; dim += 16) {
    const Floats16 numbers = Floats16::load(query + dim);
    most.take_greater(numbers);
    most.take_greater(product_of(numbers, Floats16::broadcast(-1)));
  }
  const float greatest = most.greatest(), factor = greatest > 0 ? kGreatestWhole / greatest : 0;
  for (size_t dim = 0; dim < 2 * pairs; ++dim) each[dim] = query[dim] * factor + simd::MERGANSER_ISA_NS::kRounding;
  for (size_t i = 0; i < pairs; ++i) {
    const auto low = static_cast<uint16_t>(std::bit_cast<uint32_t>(each[2 * i])), high = static_cast<uint16_t>(std::bit_cast<uint32_t>(each[2 * i + 1]));
    to[i * apart] = static_cast<int32_t>(uint32_t{low} | uint32_t{high} << 16);
  }
  return greatest / kGreatestWhole;
}

}  // namespace merganser::attention::MERGANSER_ISA_NS
