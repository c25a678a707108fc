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

// The estimates of a page's 32 slots, and a bit for each that is not below the threshold. They are written down only if there is one.
struct Estimator {
  float step, lowest, base, threshold;
};

#if defined(__AVX512BW__)
MERGANSER_INLINE __m512 estimate(__m256i sums, const Estimator& with, const float* offsets) {
  const __m512 value = _mm512_add_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_cvtepu16_epi32(sums)), _mm512_set1_ps(with.step)), _mm512_set1_ps(with.lowest));
  const __m512 offset = _mm512_add_ps(_mm512_set1_ps(with.base), _mm512_loadu_ps(offsets));
  return _mm512_add_ps(offset, _mm512_mul_ps(_mm512_loadu_ps(offsets + kPageSlots), value));
}

MERGANSER_INLINE uint32_t estimate_page(const uint8_t* bits, size_t groups, const uint8_t* table, const Estimator& with, const float* offsets, float* out) {
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
  const auto fold = [](__m512i pairs, __m512i odd) {
    const __m512i even = _mm512_sub_epi16(pairs, _mm512_slli_epi16(odd, 8));
    const auto quarter = [](__m512i all) {
      const __m256i half = _mm256_add_epi16(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64(all, 1));
      return _mm_add_epi16(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
    };
    const __m128i evens = quarter(even), odds = quarter(odd);
    return _mm256_set_m128i(_mm_unpackhi_epi16(evens, odds), _mm_unpacklo_epi16(evens, odds));
  };
  const __m512 low = estimate(fold(low_pairs, low_odd), with, offsets), high = estimate(fold(high_pairs, high_odd), with, offsets + 16);
  const __m512 limit = _mm512_set1_ps(with.threshold);
  const uint32_t mask = static_cast<uint32_t>(_mm512_cmp_ps_mask(low, limit, _CMP_NLT_UQ)) |
                        static_cast<uint32_t>(_mm512_cmp_ps_mask(high, limit, _CMP_NLT_UQ)) << 16;
  if (mask) {
    _mm512_storeu_ps(out, low);
    _mm512_storeu_ps(out + 16, high);
  }
  return mask;
}
#elif defined(__AVX2__)
MERGANSER_INLINE uint32_t estimate_eight(__m128i sums, const Estimator& with, const float* offsets, float* out) {
  const __m256 value = _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(sums)), _mm256_set1_ps(with.step)), _mm256_set1_ps(with.lowest));
  const __m256 offset = _mm256_add_ps(_mm256_set1_ps(with.base), _mm256_loadu_ps(offsets));
  const __m256 found = _mm256_add_ps(offset, _mm256_mul_ps(_mm256_loadu_ps(offsets + kPageSlots), value));
  _mm256_storeu_ps(out, found);
  return static_cast<uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(found, _mm256_set1_ps(with.threshold), _CMP_NLT_UQ)));
}

MERGANSER_INLINE uint32_t estimate_page(const uint8_t* bits, size_t groups, const uint8_t* table, const Estimator& with, const float* offsets, float* out) {
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
  const auto fold = [&](__m256i pairs, __m256i odd, size_t first) {
    const __m256i even = _mm256_sub_epi16(pairs, _mm256_slli_epi16(odd, 8));
    const __m128i evens = _mm_add_epi16(_mm256_castsi256_si128(even), _mm256_extracti128_si256(even, 1));
    const __m128i odds = _mm_add_epi16(_mm256_castsi256_si128(odd), _mm256_extracti128_si256(odd, 1));
    return estimate_eight(_mm_unpacklo_epi16(evens, odds), with, offsets + first, out + first) |
           estimate_eight(_mm_unpackhi_epi16(evens, odds), with, offsets + first + 8, out + first + 8) << 8;
  };
  return fold(low_pairs, low_odd, 0) | fold(high_pairs, high_odd, 16) << 16;
}
#else
MERGANSER_INLINE uint32_t estimate_page(const uint8_t* bits, size_t groups, const uint8_t* table, const Estimator& with, const float* offsets, float* out) {
  uint16_t sums[kPageSlots] = {};
  for (size_t group = 0; group < groups; ++group, bits += 16, table += 16) {
    for (size_t i = 0; i < 16; ++i) {
      sums[i] = static_cast<uint16_t>(sums[i] + table[bits[i] & 15]);
      sums[i + 16] = static_cast<uint16_t>(sums[i + 16] + table[bits[i] >> 4]);
    }
  }
  uint32_t mask = 0;
  for (size_t lane = 0; lane < kPageSlots; ++lane) {
    const float value = static_cast<float>(sums[lane]) * with.step + with.lowest;
    out[lane] = (with.base + offsets[lane]) + offsets[kPageSlots + lane] * value;
    mask |= static_cast<uint32_t>(!(out[lane] < with.threshold)) << lane;
  }
  return mask;
}
#endif

MERGANSER_INLINE void expect([[maybe_unused]] const void* from, [[maybe_unused]] size_t bytes) {
#if defined(__GNUC__)
  for (size_t at = 0; at < bytes; at += 64) __builtin_prefetch(static_cast<const char*>(from) + at);
#endif
}

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

void scan_codes(const BinaryCodes& codes, size_t groups, const CodeQuery& query, float base, float margin, float threshold, const PageRun& run,
                uint32_t* masks, float* estimates) {
  const Estimator with{query.step, query.lowest + margin, base, threshold};
  const size_t bytes = groups * 16;
  for (size_t i = 0; i < run.count; ++i, estimates += kPageSlots) {
    if (i + kPagesAhead < run.known) {
      const size_t page = run.pages[i + kPagesAhead];
      expect(codes.bits + page * bytes, bytes);
      expect(codes.factors + page * 2 * kPageSlots, 2 * kPageSlots * sizeof(float));
    }
    masks[i] = estimate_page(codes.bits + run.pages[i] * bytes, groups, query.table, with, codes.factors + run.pages[i] * 2 * kPageSlots, estimates);
  }
}

}  // namespace merganser::search::MERGANSER_ISA_NS
