// As many float32 numbers as a register has; one at a time where nothing is known of the registers. Products and sums are rounded one by one, but for plus_product. For kernels only (*.isa.cpp).
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>

#include "merganser/simd/inline.hpp"
#include "merganser/simd/intrinsics.hpp"

namespace merganser::simd::MERGANSER_ISA_NS {

// Added to a number below 2²², it leaves the nearest whole one in the last bits.
constexpr float kWholeNumber = 12582912.f;

#if defined(__AVX512F__)

using Numbers = __m512;
constexpr size_t kNumbers = 16;
MERGANSER_INLINE Numbers all_of(float value) { return _mm512_set1_ps(value); }
MERGANSER_INLINE Numbers load(const float* from) { return _mm512_loadu_ps(from); }
// The first ones, and zeros.
MERGANSER_INLINE Numbers load_some(const float* from, size_t count) { return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), from); }
MERGANSER_INLINE void store(float* to, Numbers a) { _mm512_storeu_ps(to, a); }
MERGANSER_INLINE Numbers plus(Numbers a, Numbers b) { return _mm512_add_ps(a, b); }
MERGANSER_INLINE Numbers minus(Numbers a, Numbers b) { return _mm512_sub_ps(a, b); }
MERGANSER_INLINE Numbers times(Numbers a, Numbers b) { return _mm512_mul_ps(a, b); }
// Rounded once.
MERGANSER_INLINE Numbers plus_product(Numbers sum, Numbers a, Numbers b) { return _mm512_fmadd_ps(a, b, sum); }
// b where a is no number, or both are zeros.
MERGANSER_INLINE Numbers lesser(Numbers a, Numbers b) { return _mm512_min_ps(a, b); }
MERGANSER_INLINE Numbers greater(Numbers a, Numbers b) { return _mm512_max_ps(a, b); }
MERGANSER_INLINE Numbers magnitude_of(Numbers a) { return _mm512_abs_ps(a); }
// 2ⁿ of whole numbers n of −126 … 127.
MERGANSER_INLINE Numbers power_of_two(Numbers n) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_add_epi32(_mm512_cvttps_epi32(n), _mm512_set1_epi32(127)), 23)); }
MERGANSER_INLINE float sum_of(Numbers a) { return _mm512_reduce_add_ps(a); }
MERGANSER_INLINE float greatest_of(Numbers a) { return _mm512_reduce_max_ps(a); }

#elif defined(__AVX2__)

using Numbers = __m256;
constexpr size_t kNumbers = 8;
MERGANSER_INLINE Numbers all_of(float value) { return _mm256_set1_ps(value); }
MERGANSER_INLINE Numbers load(const float* from) { return _mm256_loadu_ps(from); }
MERGANSER_INLINE Numbers load_some(const float* from, size_t count) {
  const __m256i places = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_maskload_ps(from, _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), places));
}
MERGANSER_INLINE void store(float* to, Numbers a) { _mm256_storeu_ps(to, a); }
MERGANSER_INLINE Numbers plus(Numbers a, Numbers b) { return _mm256_add_ps(a, b); }
MERGANSER_INLINE Numbers minus(Numbers a, Numbers b) { return _mm256_sub_ps(a, b); }
MERGANSER_INLINE Numbers times(Numbers a, Numbers b) { return _mm256_mul_ps(a, b); }
MERGANSER_INLINE Numbers plus_product(Numbers sum, Numbers a, Numbers b) { return _mm256_fmadd_ps(a, b, sum); }
MERGANSER_INLINE Numbers lesser(Numbers a, Numbers b) { return _mm256_min_ps(a, b); }
MERGANSER_INLINE Numbers greater(Numbers a, Numbers b) { return _mm256_max_ps(a, b); }
MERGANSER_INLINE Numbers magnitude_of(Numbers a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.f), a); }
MERGANSER_INLINE Numbers power_of_two(Numbers n) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(_mm256_cvttps_epi32(n), _mm256_set1_epi32(127)), 23)); }
MERGANSER_INLINE float sum_of(Numbers a) {
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  four = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
}
MERGANSER_INLINE float greatest_of(Numbers a) {
  __m128 four = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  four = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(four, _mm_movehdup_ps(four)));
}

#else

using Numbers = float;
constexpr size_t kNumbers = 1;
MERGANSER_INLINE Numbers all_of(float value) { return value; }
MERGANSER_INLINE Numbers load(const float* from) { return *from; }
MERGANSER_INLINE void store(float* to, Numbers a) { *to = a; }
MERGANSER_INLINE Numbers plus(Numbers a, Numbers b) { return a + b; }
MERGANSER_INLINE Numbers minus(Numbers a, Numbers b) { return a - b; }
MERGANSER_INLINE Numbers times(Numbers a, Numbers b) { return a * b; }
MERGANSER_INLINE Numbers lesser(Numbers a, Numbers b) { return a < b ? a : b; }
MERGANSER_INLINE Numbers greater(Numbers a, Numbers b) { return a > b ? a : b; }
MERGANSER_INLINE Numbers power_of_two(Numbers n) { return std::bit_cast<float>((static_cast<int32_t>(n) + 127) << 23); }

#endif

}  // namespace merganser::simd::MERGANSER_ISA_NS
