// Powers of two, and what a softmax needs besides, of sixteen numbers at a time.
//
// 2^x = 2^n · 2^f with f in [−½, ½]: a polynomial of degree 5 is within 2.1·10⁻⁷ of 2^f, and n goes into the exponent. Below 2^−126 there are zeros.
// NaN stays NaN.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>

#include "merganser/simd/floats16.hpp"

namespace merganser::simd::MERGANSER_ISA_NS {

constexpr float kLeastExponent = -126.f;
// 1.5 · 2²³: added to a number, the nearest integer stands in the lowest bits of the sum.
constexpr float kRounding = 12582912.f;
constexpr float kExp2[6] = {1.00000007f, 0.693146967f, 0.240221197f, 0.0555071327f, 0.00967554133f, 0.0013276472f};

#if defined(__AVX512F__)

// What is left of a number without the integer nearest to it.
constexpr int kToNearest = 0;

// 2^(x − greatest); x ≤ greatest + 127.
MERGANSER_INLINE Floats16 exp2_below(const Floats16& x, const Floats16& greatest) {
  const __m512 power = _mm512_sub_ps(x.all, greatest.all);
  const __mmask16 counts = _mm512_cmp_ps_mask(power, _mm512_set1_ps(kLeastExponent), _CMP_NLE_UQ);
  const __m512 rounded = _mm512_add_ps(power, _mm512_set1_ps(kRounding));
  const __m512 rest = _mm512_reduce_ps(power, kToNearest);
  __m512 result = _mm512_set1_ps(kExp2[5]);
#pragma GCC unroll 5
  for (int i = 4; i >= 0; --i) result = _mm512_fmadd_ps(result, rest, _mm512_set1_ps(kExp2[i]));
  const __m512i exponent = _mm512_slli_epi32(_mm512_castps_si512(rounded), 23);
  return {_mm512_castsi512_ps(_mm512_maskz_add_epi32(counts, _mm512_castps_si512(result), exponent))};
}
MERGANSER_INLINE Floats16 sum_of(const Floats16& a, const Floats16& b) { return {_mm512_add_ps(a.all, b.all)}; }
MERGANSER_INLINE Floats16 product_of(const Floats16& a, const Floats16& b) { return {_mm512_mul_ps(a.all, b.all)}; }

#elif defined(__AVX2__)

MERGANSER_INLINE __m256 exp2_of(__m256 power) {
  const __m256 counts = _mm256_cmp_ps(power, _mm256_set1_ps(kLeastExponent), _CMP_NLE_UQ);
  const __m256 rounded = _mm256_add_ps(power, _mm256_set1_ps(kRounding));
  const __m256 rest = _mm256_sub_ps(power, _mm256_sub_ps(rounded, _mm256_set1_ps(kRounding)));
  __m256 result = _mm256_set1_ps(kExp2[5]);
#pragma GCC unroll 5
  for (int i = 4; i >= 0; --i) result = _mm256_fmadd_ps(result, rest, _mm256_set1_ps(kExp2[i]));
  const __m256i exponent = _mm256_slli_epi32(_mm256_castps_si256(rounded), 23);
  return _mm256_and_ps(counts, _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(result), exponent)));
}
MERGANSER_INLINE Floats16 exp2_below(const Floats16& x, const Floats16& greatest) {
  return {exp2_of(_mm256_sub_ps(x.low, greatest.low)), exp2_of(_mm256_sub_ps(x.high, greatest.high))};
}
MERGANSER_INLINE Floats16 sum_of(const Floats16& a, const Floats16& b) { return {_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)}; }
MERGANSER_INLINE Floats16 product_of(const Floats16& a, const Floats16& b) { return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)}; }

#elif defined(__ARM_NEON)

MERGANSER_INLINE float32x4_t exp2_of(float32x4_t power) {
  const uint32x4_t counts = vmvnq_u32(vcleq_f32(power, vdupq_n_f32(kLeastExponent)));
  const float32x4_t rounded = vaddq_f32(power, vdupq_n_f32(kRounding));
  const float32x4_t rest = vsubq_f32(power, vsubq_f32(rounded, vdupq_n_f32(kRounding)));
  float32x4_t result = vdupq_n_f32(kExp2[5]);
  for (int i = 4; i >= 0; --i) result = vfmaq_f32(vdupq_n_f32(kExp2[i]), result, rest);
  const uint32x4_t exponent = vshlq_n_u32(vreinterpretq_u32_f32(rounded), 23);
  return vreinterpretq_f32_u32(vandq_u32(counts, vaddq_u32(vreinterpretq_u32_f32(result), exponent)));
}
MERGANSER_INLINE Floats16 exp2_below(const Floats16& x, const Floats16& greatest) {
  Floats16 result;
  for (int i = 0; i < 4; ++i) result.part[i] = exp2_of(vsubq_f32(x.part[i], greatest.part[i]));
  return result;
}
MERGANSER_INLINE Floats16 sum_of(const Floats16& a, const Floats16& b) {
  Floats16 result;
  for (int i = 0; i < 4; ++i) result.part[i] = vaddq_f32(a.part[i], b.part[i]);
  return result;
}
MERGANSER_INLINE Floats16 product_of(const Floats16& a, const Floats16& b) {
  Floats16 result;
  for (int i = 0; i < 4; ++i) result.part[i] = vmulq_f32(a.part[i], b.part[i]);
  return result;
}

#else

MERGANSER_INLINE float exp2_of(float power) {
  if (power <= kLeastExponent) return 0;
  const float rounded = power + kRounding;
  const float rest = power - (rounded - kRounding);
  float result = kExp2[5];
  for (int i = 4; i >= 0; --i) result = ::fmaf(result, rest, kExp2[i]);
  return std::bit_cast<float>(std::bit_cast<uint32_t>(result) + (std::bit_cast<uint32_t>(rounded) << 23));
}
MERGANSER_INLINE Floats16 exp2_below(const Floats16& x, const Floats16& greatest) {
  Floats16 result;
  for (int i = 0; i < 16; ++i) result.each[i] = exp2_of(x.each[i] - greatest.each[i]);
  return result;
}
MERGANSER_INLINE Floats16 sum_of(const Floats16& a, const Floats16& b) {
  Floats16 result;
  for (int i = 0; i < 16; ++i) result.each[i] = a.each[i] + b.each[i];
  return result;
}
MERGANSER_INLINE Floats16 product_of(const Floats16& a, const Floats16& b) {
  Floats16 result;
  for (int i = 0; i < 16; ++i) result.each[i] = a.each[i] * b.each[i];
  return result;
}

#endif

// The same of `kCount` numbers below each of two, step by step: none waits for what was just computed.
template <size_t kCount>
MERGANSER_INLINE void exp2_below_each(Floats16 (&x)[2][kCount], const Floats16 (&greatest)[2]) {
#if defined(__AVX512F__)
  constexpr size_t kAll = 2 * kCount;
  __mmask16 counts[kAll];
  __m512 rounded[kAll], rest[kAll], result[kAll];
#pragma GCC unroll 4
  for (size_t i = 0; i < kAll; ++i) rest[i] = _mm512_sub_ps(x[i / kCount][i % kCount].all, greatest[i / kCount].all);
#pragma GCC unroll 4
  for (size_t i = 0; i < kAll; ++i) {
    counts[i] = _mm512_cmp_ps_mask(rest[i], _mm512_set1_ps(kLeastExponent), _CMP_NLE_UQ);
    rounded[i] = _mm512_add_ps(rest[i], _mm512_set1_ps(kRounding));
  }
#pragma GCC unroll 4
  for (size_t i = 0; i < kAll; ++i) {
    rest[i] = _mm512_reduce_ps(rest[i], kToNearest);
    result[i] = _mm512_set1_ps(kExp2[5]);
  }
#pragma GCC unroll 5
  for (int term = 4; term >= 0; --term) {
#pragma GCC unroll 4
    for (size_t i = 0; i < kAll; ++i) result[i] = _mm512_fmadd_ps(result[i], rest[i], _mm512_set1_ps(kExp2[term]));
  }
#pragma GCC unroll 4
  for (size_t i = 0; i < kAll; ++i) {
    const __m512i exponent = _mm512_slli_epi32(_mm512_castps_si512(rounded[i]), 23);
    x[i / kCount][i % kCount].all = _mm512_castsi512_ps(_mm512_maskz_add_epi32(counts[i], _mm512_castps_si512(result[i]), exponent));
  }
#else
  for (size_t i = 0; i < 2 * kCount; ++i) x[i / kCount][i % kCount] = exp2_below(x[i / kCount][i % kCount], greatest[i / kCount]);
#endif
}

// Lanes 8 apart first, then 4, then 2, then neighbours.
MERGANSER_INLINE float total(const Floats16& x) {
#if defined(__AVX2__)
#if defined(__AVX512F__)
  const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(x.all), _mm512_extractf32x8_ps(x.all, 1));
#else
  const __m256 eight = _mm256_add_ps(x.low, x.high);
#endif
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  four = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
#else
  float lanes[16];
  x.store(lanes);
  for (int apart = 8; apart > 0; apart /= 2) {
    for (int lane = 0; lane < apart; ++lane) lanes[lane] += lanes[lane + apart];
  }
  return lanes[0];
#endif
}

}  // namespace merganser::simd::MERGANSER_ISA_NS
