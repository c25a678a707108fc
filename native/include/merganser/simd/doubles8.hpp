// Eight double-precision numbers in as many registers as they need. Multiply-adds are fused where the instruction set has them.
#pragma once
#include "merganser/simd/inline.hpp"
#include "merganser/simd/intrinsics.hpp"


namespace merganser::simd::MERGANSER_ISA_NS {

// Rows and columns of registers of a tile of sums, beside what is multiplied.
#if defined(__AVX512F__)

constexpr int kDoubleTileRows = 8, kDoubleTileColumns = 2, kDoubleTileSide = 4;

struct Doubles8 {
  __m512d all;
  static MERGANSER_INLINE Doubles8 zero() { return {_mm512_setzero_pd()}; }
  static MERGANSER_INLINE Doubles8 broadcast(double value) { return {_mm512_set1_pd(value)}; }
  static MERGANSER_INLINE Doubles8 load(const double* from) { return {_mm512_loadu_pd(from)}; }
  static MERGANSER_INLINE Doubles8 load(const float* from) { return {_mm512_cvtps_pd(_mm256_loadu_ps(from))}; }
  MERGANSER_INLINE void store(double* to) const { _mm512_storeu_pd(to, all); }
  // this + a × b
  MERGANSER_INLINE void add_product(const Doubles8& a, const Doubles8& b) { all = _mm512_fmadd_pd(a.all, b.all, all); }
};

#elif defined(__AVX2__)

constexpr int kDoubleTileRows = 4, kDoubleTileColumns = 1, kDoubleTileSide = 2;

struct Doubles8 {
  __m256d low, high;
  static MERGANSER_INLINE Doubles8 zero() { return {_mm256_setzero_pd(), _mm256_setzero_pd()}; }
  static MERGANSER_INLINE Doubles8 broadcast(double value) { return {_mm256_set1_pd(value), _mm256_set1_pd(value)}; }
  static MERGANSER_INLINE Doubles8 load(const double* from) { return {_mm256_loadu_pd(from), _mm256_loadu_pd(from + 4)}; }
  static MERGANSER_INLINE Doubles8 load(const float* from) { return {_mm256_cvtps_pd(_mm_loadu_ps(from)), _mm256_cvtps_pd(_mm_loadu_ps(from + 4))}; }
  MERGANSER_INLINE void store(double* to) const {
    _mm256_storeu_pd(to, low);
    _mm256_storeu_pd(to + 4, high);
  }
  MERGANSER_INLINE void add_product(const Doubles8& a, const Doubles8& b) {
    low = _mm256_fmadd_pd(a.low, b.low, low);
    high = _mm256_fmadd_pd(a.high, b.high, high);
  }
};

#elif defined(__ARM_NEON)

constexpr int kDoubleTileRows = 4, kDoubleTileColumns = 1, kDoubleTileSide = 2;

struct Doubles8 {
  float64x2_t part[4];
  static MERGANSER_INLINE Doubles8 zero() { return broadcast(0); }
  static MERGANSER_INLINE Doubles8 broadcast(double value) {
    const float64x2_t two = vdupq_n_f64(value);
    return {{two, two, two, two}};
  }
  static MERGANSER_INLINE Doubles8 load(const double* from) { return {{vld1q_f64(from), vld1q_f64(from + 2), vld1q_f64(from + 4), vld1q_f64(from + 6)}}; }
  static MERGANSER_INLINE Doubles8 load(const float* from) {
    const float32x4_t low = vld1q_f32(from), high = vld1q_f32(from + 4);
    return {{vcvt_f64_f32(vget_low_f32(low)), vcvt_high_f64_f32(low), vcvt_f64_f32(vget_low_f32(high)), vcvt_high_f64_f32(high)}};
  }
  MERGANSER_INLINE void store(double* to) const {
    for (int i = 0; i < 4; ++i) vst1q_f64(to + 2 * i, part[i]);
  }
  MERGANSER_INLINE void add_product(const Doubles8& a, const Doubles8& b) {
    for (int i = 0; i < 4; ++i) part[i] = vfmaq_f64(part[i], a.part[i], b.part[i]);
  }
};

#else

constexpr int kDoubleTileRows = 2, kDoubleTileColumns = 1, kDoubleTileSide = 1;

struct Doubles8 {
  double each[8];
  static MERGANSER_INLINE Doubles8 zero() { return broadcast(0); }
  static MERGANSER_INLINE Doubles8 broadcast(double value) {
    Doubles8 result;
    for (int i = 0; i < 8; ++i) result.each[i] = value;
    return result;
  }
  template <typename Number>
  static MERGANSER_INLINE Doubles8 load(const Number* from) {
    Doubles8 result;
    for (int i = 0; i < 8; ++i) result.each[i] = static_cast<double>(from[i]);
    return result;
  }
  MERGANSER_INLINE void store(double* to) const {
    for (int i = 0; i < 8; ++i) to[i] = each[i];
  }
  MERGANSER_INLINE void add_product(const Doubles8& a, const Doubles8& b) {
    for (int i = 0; i < 8; ++i) each[i] += a.each[i] * b.each[i];
  }
};

#endif

MERGANSER_INLINE double sum_of(const Doubles8& numbers) {
  double each[8];
  numbers.store(each);
  return ((each[0] + each[4]) + (each[2] + each[6])) + ((each[1] + each[5]) + (each[3] + each[7]));
}

}  // namespace merganser::simd::MERGANSER_ISA_NS
