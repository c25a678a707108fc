// Sixteen sums of products of whole numbers of 16 bits, two products at a time: 32-bit sums, which the caller keeps below 2³¹. For kernels only (*.isa.cpp).
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/simd/floats16.hpp"
#include "merganser/simd/inline.hpp"
#include "merganser/simd/intrinsics.hpp"

#if defined(_MSC_VER)
#include <intrin.h>
#endif

// Clang takes the instruction of VNNI only in functions that are compiled for it.
#if (defined(__AVX512BW__) && (defined(_MSC_VER) || !defined(__clang__))) || (defined(__AVX2__) && !defined(__AVX512F__))
#define MERGANSER_MULTIPLIES_WORDS
#endif

namespace merganser::simd::MERGANSER_ISA_NS {

#if defined(MERGANSER_MULTIPLIES_WORDS)

#if defined(__AVX512BW__)

struct WordSums {
  __m512i all;
  using Pairs = __m512i;
  static MERGANSER_INLINE WordSums zero() { return {_mm512_setzero_si512()}; }
  static MERGANSER_INLINE Pairs load(const void* from) { return _mm512_loadu_si512(from); }
  static MERGANSER_INLINE Pairs broadcast(const void* from) {
    int32_t pair;
    __builtin_memcpy(&pair, from, sizeof(pair));
    return _mm512_set1_epi32(pair);
  }
  // VNNI is not part of what these files are compiled for, but adds_word_products() asks for it.
  MERGANSER_INLINE void add(const Pairs& row, const Pairs& column) {
#if defined(_MSC_VER)
    all = _mm512_dpwssd_epi32(all, row, column);
#else
    asm("vpdpwssd %2, %1, %0" : "+v"(all) : "v"(row), "v"(column));
#endif
  }
  MERGANSER_INLINE Floats16 floats() const { return {_mm512_cvtepi32_ps(all)}; }
  MERGANSER_INLINE int32_t total() const { return _mm512_reduce_add_epi32(all); }
};

// Whether this processor can do that.
inline bool adds_word_products() {
#if defined(_MSC_VER)
  int leaf[4];
  __cpuidex(leaf, 7, 0);
  return (leaf[2] >> 11 & 1) != 0;
#else
  return __builtin_cpu_supports("avx512vnni");
#endif
}

#else

struct WordSums {
  __m256i low, high;
  struct Pairs {
    __m256i low, high;
  };
  static MERGANSER_INLINE WordSums zero() { return {_mm256_setzero_si256(), _mm256_setzero_si256()}; }
  static MERGANSER_INLINE Pairs load(const void* from) {
    const auto* const eight = static_cast<const __m256i*>(from);
    Pairs result{_mm256_loadu_si256(eight), _mm256_loadu_si256(eight + 1)};
    MERGANSER_KEEP_LOADED(result.low);
    MERGANSER_KEEP_LOADED(result.high);
    return result;
  }
  static MERGANSER_INLINE Pairs broadcast(const void* from) {
    int32_t pair;
    __builtin_memcpy(&pair, from, sizeof(pair));
    const __m256i all = _mm256_set1_epi32(pair);
    return {all, all};
  }
  MERGANSER_INLINE void add(const Pairs& row, const Pairs& column) {
    add(low, row.low, column.low);
    add(high, row.high, column.high);
  }
  MERGANSER_INLINE Floats16 floats() const { return {_mm256_cvtepi32_ps(low), _mm256_cvtepi32_ps(high)}; }
  MERGANSER_INLINE int32_t total() const {
    const __m256i eight = _mm256_add_epi32(low, high);
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
    return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 0xB1)));
  }

 private:
  static MERGANSER_INLINE void add(__m256i& sums, const __m256i& row, const __m256i& column) {
#if defined(__GNUC__)
    // Left to itself, GCC multiplies everything first, and has no registers for what comes of it.
    __m256i products;
    asm("vpmaddwd %3, %2, %1\n\tvpaddd %1, %0, %0" : "+x"(sums), "=&x"(products) : "x"(row), "x"(column));
#else
    sums = _mm256_add_epi32(sums, _mm256_madd_epi16(row, column));
#endif
  }
};

inline bool adds_word_products() { return true; }

#endif

#else

inline bool adds_word_products() { return false; }

#endif

}  // namespace merganser::simd::MERGANSER_ISA_NS
