// Eight double-precision numbers in as many registers as they need. Multiply-adds are fused where the instruction set has them.
#pragma once
#include <cmath>

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
  friend MERGANSER_INLINE Doubles8 operator+(const Doubles8& a, const Doubles8& b) { return {_mm512_add_pd(a.all, b.all)}; }
  friend MERGANSER_INLINE Doubles8 operator-(const Doubles8& a, const Doubles8& b) { return {_mm512_sub_pd(a.all, b.all)}; }
  friend MERGANSER_INLINE Doubles8 operator*(const Doubles8& a, const Doubles8& b) { return {_mm512_mul_pd(a.all, b.all)}; }
  friend MERGANSER_INLINE Doubles8 operator/(const Doubles8& a, const Doubles8& b) { return {_mm512_div_pd(a.all, b.all)}; }
  // a > b ? a : b, and a < b ? a : b
  static MERGANSER_INLINE Doubles8 greater(const Doubles8& a, const Doubles8& b) { return {_mm512_max_pd(a.all, b.all)}; }
  static MERGANSER_INLINE Doubles8 lesser(const Doubles8& a, const Doubles8& b) { return {_mm512_min_pd(a.all, b.all)}; }
  MERGANSER_INLINE Doubles8 root() const { return {_mm512_sqrt_pd(all)}; }
  // Bit i: whether number i equals the other's.
  MERGANSER_INLINE unsigned equal_to(const Doubles8& other) const { return _mm512_cmp_pd_mask(all, other.all, _CMP_EQ_OQ); }
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
  friend MERGANSER_INLINE Doubles8 operator+(const Doubles8& a, const Doubles8& b) { return {_mm256_add_pd(a.low, b.low), _mm256_add_pd(a.high, b.high)}; }
  friend MERGANSER_INLINE Doubles8 operator-(const Doubles8& a, const Doubles8& b) { return {_mm256_sub_pd(a.low, b.low), _mm256_sub_pd(a.high, b.high)}; }
  friend MERGANSER_INLINE Doubles8 operator*(const Doubles8& a, const Doubles8& b) { return {_mm256_mul_pd(a.low, b.low), _mm256_mul_pd(a.high, b.high)}; }
  friend MERGANSER_INLINE Doubles8 operator/(const Doubles8& a, const Doubles8& b) { return {_mm256_div_pd(a.low, b.low), _mm256_div_pd(a.high, b.high)}; }
  static MERGANSER_INLINE Doubles8 greater(const Doubles8& a, const Doubles8& b) { return {_mm256_max_pd(a.low, b.low), _mm256_max_pd(a.high, b.high)}; }
  static MERGANSER_INLINE Doubles8 lesser(const Doubles8& a, const Doubles8& b) { return {_mm256_min_pd(a.low, b.low), _mm256_min_pd(a.high, b.high)}; }
  MERGANSER_INLINE Doubles8 root() const { return {_mm256_sqrt_pd(low), _mm256_sqrt_pd(high)}; }
  MERGANSER_INLINE unsigned equal_to(const Doubles8& other) const {
    const int first = _mm256_movemask_pd(_mm256_cmp_pd(low, other.low, _CMP_EQ_OQ)), second = _mm256_movemask_pd(_mm256_cmp_pd(high, other.high, _CMP_EQ_OQ));
    return static_cast<unsigned>(first | second << 4);
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
  template <typename Operation>
  static MERGANSER_INLINE Doubles8 of_pairs(const Doubles8& a, const Doubles8& b, Operation operation) {
    return {{operation(a.part[0], b.part[0]), operation(a.part[1], b.part[1]), operation(a.part[2], b.part[2]), operation(a.part[3], b.part[3])}};
  }
  friend MERGANSER_INLINE Doubles8 operator+(const Doubles8& a, const Doubles8& b) {
    return of_pairs(a, b, [](float64x2_t p, float64x2_t q) { return vaddq_f64(p, q); });
  }
  friend MERGANSER_INLINE Doubles8 operator-(const Doubles8& a, const Doubles8& b) {
    return of_pairs(a, b, [](float64x2_t p, float64x2_t q) { return vsubq_f64(p, q); });
  }
  friend MERGANSER_INLINE Doubles8 operator*(const Doubles8& a, const Doubles8& b) {
    return of_pairs(a, b, [](float64x2_t p, float64x2_t q) { return vmulq_f64(p, q); });
  }
  friend MERGANSER_INLINE Doubles8 operator/(const Doubles8& a, const Doubles8& b) {
    return of_pairs(a, b, [](float64x2_t p, float64x2_t q) { return vdivq_f64(p, q); });
  }
  static MERGANSER_INLINE Doubles8 greater(const Doubles8& a, const Doubles8& b) {
    return of_pairs(a, b, [](float64x2_t p, float64x2_t q) { return vbslq_f64(vcgtq_f64(p, q), p, q); });
  }
  static MERGANSER_INLINE Doubles8 lesser(const Doubles8& a, const Doubles8& b) {
    return of_pairs(a, b, [](float64x2_t p, float64x2_t q) { return vbslq_f64(vcltq_f64(p, q), p, q); });
  }
  MERGANSER_INLINE Doubles8 root() const { return {{vsqrtq_f64(part[0]), vsqrtq_f64(part[1]), vsqrtq_f64(part[2]), vsqrtq_f64(part[3])}}; }
  MERGANSER_INLINE unsigned equal_to(const Doubles8& other) const {
    unsigned bits = 0;
    for (int i = 0; i < 4; ++i) {
      const uint64x2_t same = vceqq_f64(part[i], other.part[i]);
      bits |= static_cast<unsigned>((vgetq_lane_u64(same, 0) & 1) | (vgetq_lane_u64(same, 1) & 2)) << (2 * i);
    }
    return bits;
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
  template <typename Operation>
  static MERGANSER_INLINE Doubles8 of_pairs(const Doubles8& a, const Doubles8& b, Operation operation) {
    Doubles8 result;
    for (int i = 0; i < 8; ++i) result.each[i] = operation(a.each[i], b.each[i]);
    return result;
  }
  friend MERGANSER_INLINE Doubles8 operator+(const Doubles8& a, const Doubles8& b) {
    return of_pairs(a, b, [](double p, double q) { return p + q; });
  }
  friend MERGANSER_INLINE Doubles8 operator-(const Doubles8& a, const Doubles8& b) {
    return of_pairs(a, b, [](double p, double q) { return p - q; });
  }
  friend MERGANSER_INLINE Doubles8 operator*(const Doubles8& a, const Doubles8& b) {
    return of_pairs(a, b, [](double p, double q) { return p * q; });
  }
  friend MERGANSER_INLINE Doubles8 operator/(const Doubles8& a, const Doubles8& b) {
    return of_pairs(a, b, [](double p, double q) { return p / q; });
  }
  static MERGANSER_INLINE Doubles8 greater(const Doubles8& a, const Doubles8& b) {
    return of_pairs(a, b, [](double p, double q) { return p > q ? p : q; });
  }
  static MERGANSER_INLINE Doubles8 lesser(const Doubles8& a, const Doubles8& b) {
    return of_pairs(a, b, [](double p, double q) { return p < q ? p : q; });
  }
  MERGANSER_INLINE Doubles8 root() const {
    return of_pairs(*this, *this, [](double p, double) { return ::sqrt(p); });
  }
  MERGANSER_INLINE unsigned equal_to(const Doubles8& other) const {
    unsigned bits = 0;
    for (int i = 0; i < 8; ++i) bits |= static_cast<unsigned>(each[i] == other.each[i]) << i;
    return bits;
  }
};

#endif

MERGANSER_INLINE double sum_of(const Doubles8& numbers) {
  double each[8];
  numbers.store(each);
  return ((each[0] + each[4]) + (each[2] + each[6])) + ((each[1] + each[5]) + (each[3] + each[7]));
}

}  // namespace merganser::simd::MERGANSER_ISA_NS
