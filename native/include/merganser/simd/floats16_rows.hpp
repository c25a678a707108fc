// Sixteen numbers of a row at a time: loads of every element type, products number by number, and sums whose order is the same everywhere.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>

#include "merganser/simd/floats16.hpp"

namespace merganser::simd::MERGANSER_ISA_NS {

#if defined(__AVX512F__)

MERGANSER_INLINE Floats16 load_bfloat16(const uint16_t* from) {
  return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))), 16))};
}
MERGANSER_INLINE Floats16 load_float16(const uint16_t* from) { return {_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)))}; }
MERGANSER_INLINE void add_products(Floats16& sums, const Floats16& a, const Floats16& b) { sums.all = _mm512_fmadd_ps(a.all, b.all, sums.all); }
// sums − (a − b)²
MERGANSER_INLINE void subtract_squares(Floats16& sums, const Floats16& a, const Floats16& b) {
  const __m512 difference = _mm512_sub_ps(a.all, b.all);
  sums.all = _mm512_fnmadd_ps(difference, difference, sums.all);
}
MERGANSER_INLINE __m128 quarter(const Floats16& sums) {
  const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(sums.all), _mm512_extractf32x8_ps(sums.all, 1));
  return _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
}

#elif defined(__AVX2__)

MERGANSER_INLINE Floats16 load_bfloat16(const uint16_t* from) {
  const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  const auto widened = [](__m128i half) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16)); };
  return {widened(_mm256_castsi256_si128(bits)), widened(_mm256_extracti128_si256(bits, 1))};
}
// Without the instructions for it: the exponent is moved by a multiplication, which also makes subnormal numbers normal.
MERGANSER_INLINE __m256 widen_float16(__m128i half) {
  const __m256i bits = _mm256_cvtepu16_epi32(half);
  const __m256i magnitude = _mm256_slli_epi32(_mm256_and_si256(bits, _mm256_set1_epi32(0x7FFF)), 13);
  const __m256i sign = _mm256_slli_epi32(_mm256_and_si256(bits, _mm256_set1_epi32(0x8000)), 16);
  const __m256 moved = _mm256_mul_ps(_mm256_castsi256_ps(magnitude), _mm256_castsi256_ps(_mm256_set1_epi32(0x77800000)));
  return _mm256_or_ps(moved, _mm256_castsi256_ps(sign));
}
MERGANSER_INLINE Floats16 load_float16(const uint16_t* from) {
  const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  return {widen_float16(_mm256_castsi256_si128(bits)), widen_float16(_mm256_extracti128_si256(bits, 1))};
}
MERGANSER_INLINE void add_products(Floats16& sums, const Floats16& a, const Floats16& b) {
  sums.low = _mm256_fmadd_ps(a.low, b.low, sums.low);
  sums.high = _mm256_fmadd_ps(a.high, b.high, sums.high);
}
MERGANSER_INLINE void subtract_squares(Floats16& sums, const Floats16& a, const Floats16& b) {
  const __m256 low = _mm256_sub_ps(a.low, b.low), high = _mm256_sub_ps(a.high, b.high);
  sums.low = _mm256_fnmadd_ps(low, low, sums.low);
  sums.high = _mm256_fnmadd_ps(high, high, sums.high);
}
MERGANSER_INLINE __m128 quarter(const Floats16& sums) {
  const __m256 eight = _mm256_add_ps(sums.low, sums.high);
  return _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
}

#else

MERGANSER_INLINE float widened_float16(uint16_t bits) {
  const uint32_t magnitude = (bits & 0x7FFFu) << 13, sign = (bits & 0x8000u) << 16;
  return std::bit_cast<float>(std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) * 0x1p112f) | sign);
}
template <typename Widen>
MERGANSER_INLINE Floats16 load_widened(const uint16_t* from, Widen widen) {
  float each[16];
  for (int i = 0; i < 16; ++i) each[i] = widen(from[i]);
  return Floats16::load(each);
}
MERGANSER_INLINE Floats16 load_bfloat16(const uint16_t* from) {
  return load_widened(from, [](uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); });
}
MERGANSER_INLINE Floats16 load_float16(const uint16_t* from) {
  return load_widened(from, [](uint16_t bits) { return widened_float16(bits); });
}

#if defined(__ARM_NEON)
MERGANSER_INLINE void add_products(Floats16& sums, const Floats16& a, const Floats16& b) {
  for (int i = 0; i < 4; ++i) sums.part[i] = vfmaq_f32(sums.part[i], a.part[i], b.part[i]);
}
MERGANSER_INLINE void subtract_squares(Floats16& sums, const Floats16& a, const Floats16& b) {
  for (int i = 0; i < 4; ++i) {
    const float32x4_t difference = vsubq_f32(a.part[i], b.part[i]);
    sums.part[i] = vfmsq_f32(sums.part[i], difference, difference);
  }
}
#else
MERGANSER_INLINE void add_products(Floats16& sums, const Floats16& a, const Floats16& b) {
  for (int i = 0; i < 16; ++i) sums.each[i] = ::fmaf(a.each[i], b.each[i], sums.each[i]);
}
MERGANSER_INLINE void subtract_squares(Floats16& sums, const Floats16& a, const Floats16& b) {
  for (int i = 0; i < 16; ++i) {
    const float difference = a.each[i] - b.each[i];
    sums.each[i] = ::fmaf(-difference, difference, sums.each[i]);
  }
}
#endif

#endif

// The sums of four: lanes 8 apart first, then 4 apart, then neighbours.
MERGANSER_INLINE void sums_of_four(const Floats16* four, float* out) {
#if defined(__AVX2__)
  const __m128 ab = _mm_hadd_ps(quarter(four[0]), quarter(four[1])), cd = _mm_hadd_ps(quarter(four[2]), quarter(four[3]));
  _mm_storeu_ps(out, _mm_hadd_ps(ab, cd));
#else
  for (int i = 0; i < 4; ++i) {
    float lanes[16];
    four[i].store(lanes);
    for (int lane = 0; lane < 8; ++lane) lanes[lane] += lanes[lane + 8];
    for (int lane = 0; lane < 4; ++lane) lanes[lane] += lanes[lane + 4];
    out[i] = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
  }
#endif
}

}  // namespace merganser::simd::MERGANSER_ISA_NS
