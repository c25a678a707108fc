// Smallest of `blocks` × 8 unsigned 32-bit numbers (32-byte aligned).
#pragma once
#include <cstdint>

#include "merganser/simd/intrinsics.hpp"

namespace merganser::simd::MERGANSER_ISA_NS {

#if defined(__AVX2__)

inline uint32_t min_u32(const uint32_t* numbers, uint32_t blocks) {
  const __m256i* vectors = reinterpret_cast<const __m256i*>(numbers);
  __m256i least = _mm256_load_si256(vectors);
  for (uint32_t i = 1; i < blocks; ++i) least = _mm256_min_epu32(least, _mm256_load_si256(vectors + i));
  __m128i half = _mm_min_epu32(_mm256_castsi256_si128(least), _mm256_extracti128_si256(least, 1));
  half = _mm_min_epu32(half, _mm_shuffle_epi32(half, 0x4E));
  half = _mm_min_epu32(half, _mm_shuffle_epi32(half, 0xB1));
  return static_cast<uint32_t>(_mm_cvtsi128_si32(half));
}

#elif defined(__ARM_NEON)

inline uint32_t min_u32(const uint32_t* numbers, uint32_t blocks) {
  uint32x4_t least = vminq_u32(vld1q_u32(numbers), vld1q_u32(numbers + 4));
  for (uint32_t i = 1; i < blocks; ++i) least = vminq_u32(least, vminq_u32(vld1q_u32(numbers + 8 * i), vld1q_u32(numbers + 8 * i + 4)));
  return vminvq_u32(least);
}

#else

inline uint32_t min_u32(const uint32_t* numbers, uint32_t blocks) {
  uint32_t least = numbers[0];
  for (uint32_t i = 1; i < 8 * blocks; ++i) least = numbers[i] < least ? numbers[i] : least;
  return least;
}

#endif

}  // namespace merganser::simd::MERGANSER_ISA_NS
