#include "merganser/search/binary_codes.hpp"

#include <cmath>

#include "merganser/simd/inline.hpp"
#include "merganser/simd/intrinsics.hpp"

namespace merganser::search::MERGANSER_ISA_NS {
namespace {

MERGANSER_INLINE void hadamard(float* row, size_t size) {
  for (size_t half = 1; half < size; half *= 2) {
    for (size_t start = 0; start < size; start += 2 * half) {
      float* const low = row + start;
      float* const high = low + half;
      for (size_t i = 0; i < half; ++i) {
        const float a = low[i], b = high[i];
        low[i] = a + b;
        high[i] = a - b;
      }
    }
  }
}

// Sums of 32 slots, in the order of the slots.
#if defined(__AVX512BW__)
MERGANSER_INLINE void sum_page(const uint8_t* bits, size_t groups, const uint8_t* table, uint16_t* sums) {
  const __m512i nibble = _mm512_set1_epi8(15);
  // Words hold two slots' sums: `pairs` both, the odd one above the even one; `odd` the odd one alone.
  __m512i low_pairs = _mm512_setzero_si512(), low_odd = low_pairs, high_pairs = low_pairs, high_odd = low_pairs;
  const auto add = [&](__m512i codes, __m512i tables) {
    const __m512i low = _mm512_shuffle_epi8(tables, _mm512_and_si512(codes, nibble));
    const __m512i high = _mm512_shuffle_epi8(tables, _mm512_and_si512(_mm512_srli_epi16(codes, 4), nibble));
    low_pairs = _mm512_add_epi16(low_pairs, low);
    low_odd = _mm512_add_epi16(low_odd, _mm512_srli_epi16(low, 8));
    high_pairs = _mm512_add_epi16(high_pairs, high);
    high_odd = _mm512_add_epi16(high_odd, _mm512_srli_epi16(high, 8));
  };
  size_t group = 0;
  for (; group + 4 <= groups; group += 4) add(_mm512_loadu_si512(bits + 16 * group), _mm512_loadu_si512(table + 16 * group));
  if (group < groups)
    add(_mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(bits + 16 * group))),
        _mm512_zextsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(table + 16 * group))));
  const auto fold = [](__m512i pairs, __m512i odd, uint16_t* out) {
    const __m512i even = _mm512_sub_epi16(pairs, _mm512_slli_epi16(odd, 8));
    const auto quarter = [](__m512i all) {
      const __m256i half = _mm256_add_epi16(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64(all, 1));
      return _mm_add_epi16(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
    };
    const __m128i evens = quarter(even), odds = quarter(odd);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_unpacklo_epi16(evens, odds));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 8), _mm_unpackhi_epi16(evens, odds));
  };
  fold(low_pairs, low_odd, sums);
  fold(high_pairs, high_odd, sums + 16);
}
#elif defined(__AVX2__)
MERGANSER_INLINE void sum_page(const uint8_t* bits, size_t groups, const uint8_t* table, uint16_t* sums) {
  const __m256i nibble = _mm256_set1_epi8(15);
  __m256i low_pairs = _mm256_setzero_si256(), low_odd = low_pairs, high_pairs = low_pairs, high_odd = low_pairs;
  for (size_t group = 0; group < groups; group += 2) {
    const __m256i codes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bits + 16 * group));
    const __m256i tables = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(table + 16 * group));
    const __m256i low = _mm256_shuffle_epi8(tables, _mm256_and_si256(codes, nibble));
    const __m256i high = _mm256_shuffle_epi8(tables, _mm256_and_si256(_mm256_srli_epi16(codes, 4), nibble));
    low_pairs = _mm256_add_epi16(low_pairs, low);
    low_odd = _mm256_add_epi16(low_odd, _mm256_srli_epi16(low, 8));
    high_pairs = _mm256_add_epi16(high_pairs, high);
    high_odd = _mm256_add_epi16(high_odd, _mm256_srli_epi16(high, 8));
  }
  const auto fold = [](__m256i pairs, __m256i odd, uint16_t* out) {
    const __m256i even = _mm256_sub_epi16(pairs, _mm256_slli_epi16(odd, 8));
    const __m128i evens = _mm_add_epi16(_mm256_castsi256_si128(even), _mm256_extracti128_si256(even, 1));
    const __m128i odds = _mm_add_epi16(_mm256_castsi256_si128(odd), _mm256_extracti128_si256(odd, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_unpacklo_epi16(evens, odds));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 8), _mm_unpackhi_epi16(evens, odds));
  };
  fold(low_pairs, low_odd, sums);
  fold(high_pairs, high_odd, sums + 16);
}
#else
MERGANSER_INLINE void sum_page(const uint8_t* bits, size_t groups, const uint8_t* table, uint16_t* sums) {
  for (size_t i = 0; i < kPageSlots; ++i) sums[i] = 0;
  for (size_t group = 0; group < groups; ++group, bits += 16, table += 16) {
    for (size_t i = 0; i < 16; ++i) {
      sums[i] = static_cast<uint16_t>(sums[i] + table[bits[i] & 15]);
      sums[i + 16] = static_cast<uint16_t>(sums[i + 16] + table[bits[i] >> 4]);
    }
  }
}
#endif

}  // namespace

void rotate(float* row, size_t dims, const float* signs, size_t rounds) {
  size_t window = 1;
  while (2 * window <= dims) window *= 2;
  const float scale = static_cast<float>(1 / ::sqrt(static_cast<double>(window)));
  for (size_t round = 0; round < rounds; ++round, signs += dims) {
    for (size_t i = 0; i < dims; ++i) row[i] *= signs[i];
    float* const from = round % 2 == 0 ? row : row + dims - window;
    hadamard(from, window);
    for (size_t i = 0; i < window; ++i) from[i] *= scale;
  }
}

void scan_codes(const BinaryCodes& codes, size_t groups, const CodeQuery& query, float base, float margin, float threshold, const uint32_t* pages,
                size_t count, uint32_t* masks, float* estimates) {
  const float lowest = query.lowest + margin;
  for (size_t i = 0; i < count; ++i, estimates += kPageSlots) {
    uint16_t sums[kPageSlots];
    sum_page(codes.bits + pages[i] * groups * 16, groups, query.table, sums);
    const float* const offsets = codes.factors + pages[i] * 2 * kPageSlots;
    const float* const factors = offsets + kPageSlots;
    for (size_t lane = 0; lane < kPageSlots; ++lane) {
      const float value = static_cast<float>(sums[lane]) * query.step + lowest;
      estimates[lane] = (base + offsets[lane]) + factors[lane] * value;
    }
    uint32_t mask = 0;
    for (size_t lane = 0; lane < kPageSlots; ++lane) mask |= static_cast<uint32_t>(!(estimates[lane] < threshold)) << lane;
    masks[i] = mask;
  }
}

}  // namespace merganser::search::MERGANSER_ISA_NS
