// Products of rows of one byte, where they lie, with few queries that are rounded to 16 bits: a third of the instructions that widening to float32 takes, and whole numbers, the same
// on every instruction set. For kernels only (*.isa.cpp).
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/attention/byte_products.hpp"

namespace merganser::attention::MERGANSER_ISA_NS {

// Numbers of a row that are multiplied at a time.
constexpr size_t kByteStep = 32;

#if defined(__AVX512BW__)

// Sums of products of one row, in lanes that are yet to be summed.
struct ByteSum {
  Sums16 lanes;
  using Numbers = Sums16::Numbers;
  static MERGANSER_INLINE ByteSum zero() { return {Sums16::zero()}; }
  static MERGANSER_INLINE Numbers load(const int8_t* from) { return Sums16::load(from); }
  template <bool vnni>
  MERGANSER_INLINE void add(const int16_t* query, const Numbers& numbers) {
    lanes.add_pair<vnni>(_mm512_loadu_si512(query), numbers);
  }
};

#elif defined(__AVX2__)

struct ByteSum {
  __m256i lanes;
  using Numbers = Sums16::Numbers;
  static MERGANSER_INLINE ByteSum zero() { return {_mm256_setzero_si256()}; }
  static MERGANSER_INLINE Numbers load(const int8_t* from) { return Sums16::load(from); }
  template <bool vnni>
  MERGANSER_INLINE void add(const int16_t* query, const Numbers& numbers) {
    const auto* const sixteen = reinterpret_cast<const __m256i*>(query);
    lanes = _mm256_add_epi32(lanes, _mm256_madd_epi16(numbers.low, _mm256_loadu_si256(sixteen)));
    lanes = _mm256_add_epi32(lanes, _mm256_madd_epi16(numbers.high, _mm256_loadu_si256(sixteen + 1)));
  }
};

#else

struct ByteSum {
  int32_t all;
  using Numbers = const int8_t*;
  static MERGANSER_INLINE ByteSum zero() { return {0}; }
  static MERGANSER_INLINE Numbers load(const int8_t* from) { return from; }
  template <bool vnni>
  MERGANSER_INLINE void add(const int16_t* query, Numbers numbers) {
    for (size_t i = 0; i < kByteStep; ++i) all += query[i] * numbers[i];
  }
};

#endif

// Of four rows: lanes of two are interleaved and added, then those of the four, then parts of the register.
MERGANSER_INLINE void totals_of_four(const ByteSum* four, float* out) {
#if defined(__AVX512BW__)
  const auto joined = [](const __m512i& a, const __m512i& b) { return _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b)); };
  const __m512i ab = joined(four[0].lanes.all, four[1].lanes.all), cd = joined(four[2].lanes.all, four[3].lanes.all);
  const __m512i all = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
  const __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64(all, 1));
#elif defined(__AVX2__)
  const auto joined = [](const __m256i& a, const __m256i& b) { return _mm256_add_epi32(_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b)); };
  const __m256i ab = joined(four[0].lanes, four[1].lanes), cd = joined(four[2].lanes, four[3].lanes);
  const __m256i half = _mm256_add_epi32(_mm256_unpacklo_epi64(ab, cd), _mm256_unpackhi_epi64(ab, cd));
#endif
#if defined(__AVX2__)
  _mm_storeu_ps(out, _mm_cvtepi32_ps(_mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1))));
#else
  for (int i = 0; i < 4; ++i) out[i] = static_cast<float>(four[i].all);
#endif
}

// Queries as whole numbers, with zeros up to a multiple of kByteStep.
template <size_t heads>
struct WholeRows {
  alignas(64) int32_t pairs[heads][kMaxDims / 2];
  float scales[heads];
  MERGANSER_INLINE WholeRows(const float* queries, size_t stride, size_t dims) {
    const size_t there = (dims + 15) / 16 * 8, all = (dims + kByteStep - 1) / kByteStep * (kByteStep / 2);
    for (size_t head = 0; head < heads; ++head) {
      scales[head] = to_whole(queries + head * stride, there, 1, pairs[head]);
      for (size_t i = there; i < all; ++i) pairs[head][i] = 0;
    }
  }
  MERGANSER_INLINE const int16_t* numbers(size_t head) const { return reinterpret_cast<const int16_t*>(pairs[head]); }
};

}  // namespace merganser::attention::MERGANSER_ISA_NS
