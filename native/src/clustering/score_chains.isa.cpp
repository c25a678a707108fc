#include "merganser/clustering/score_chains.hpp"

#include <cmath>

#include "merganser/clustering/row_arithmetic.hpp"
#include "merganser/clustering/score_panels.hpp"
#include "merganser/simd/floats16.hpp"
#include "merganser/simd/transpose16.hpp"

namespace merganser::clustering::MERGANSER_ISA_NS {
namespace {

using simd::MERGANSER_ISA_NS::Floats16;

#if defined(__AVX512F__)
constexpr size_t kAhead = 4 * kPanel;

// Numbers [dim, dim + some) of sixteen rows, scaled, the same number of all rows together.
MERGANSER_INLINE void turn(const float* const* rows, const float* scales, size_t dim, size_t some, float* to) {
  const auto mask = static_cast<__mmask16>((1u << some) - 1);
  Floats16 lines[kPanel];
#pragma GCC unroll 16
  for (size_t i = 0; i < kPanel; ++i) {
    lines[i].all = _mm512_mul_ps(_mm512_maskz_loadu_ps(mask, rows[i] + dim), _mm512_set1_ps(scales[i]));
    simd::MERGANSER_ISA_NS::expect_line(rows[i] + dim + kAhead);
  }
  simd::MERGANSER_ISA_NS::store_turned(lines, kPanel, to);
}
#endif

constexpr size_t kTogether = 4;

// `next`: what will be multiplied after them.
MERGANSER_INLINE void four_products(const float* row, const float* const* columns, [[maybe_unused]] const float* const* next, size_t padded, float* products) {
#if defined(__AVX512F__)
  __m512 sums[kTogether] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
  size_t dim = 0;
  for (; dim + kPanel <= padded; dim += kPanel) {
    const __m512 numbers = _mm512_loadu_ps(row + dim);
#pragma GCC unroll 4
    for (size_t i = 0; i < kTogether; ++i) {
      sums[i] = _mm512_fmadd_ps(numbers, _mm512_loadu_ps(columns[i] + dim), sums[i]);
      simd::MERGANSER_ISA_NS::expect_line(next[i] + dim);
    }
  }
  if (dim < padded) {
    for (size_t i = 0; i < kTogether; ++i) sums[i] = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(0xFF, row + dim), _mm512_maskz_loadu_ps(0xFF, columns[i] + dim), sums[i]);
  }
  const auto pair = [](__m512 a, __m512 b) { return _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b)); };
  const __m512 low = pair(sums[0], sums[1]), high = pair(sums[2], sums[3]), all = _mm512_add_ps(_mm512_shuffle_ps(low, high, 0x44), _mm512_shuffle_ps(low, high, 0xEE));
  const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(all), _mm512_extractf32x8_ps(all, 1));
  _mm_store_ps(products, _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1)));
#else
  for (size_t i = 0; i < kTogether; ++i) products[i] = dot(row, columns[i], padded);
#endif
}

}  // namespace

void add_chains(const float* const* left, const float* left_scales, const float* const* right, const float* right_scales, size_t dims, float* sums) {
#if defined(__AVX512F__)
  Floats16 all = Floats16::load(sums);
  for (size_t dim = 0; dim < dims; dim += kPanel) {
    const size_t some = dims - dim < kPanel ? dims - dim : kPanel;
    alignas(64) float turned_left[kPanel * kPanel], turned_right[kPanel * kPanel];
    turn(left, left_scales, dim, some, turned_left);
    turn(right, right_scales, dim, some, turned_right);
    for (size_t i = 0; i < some; ++i) all.all = _mm512_fmadd_ps(_mm512_load_ps(turned_left + i * kPanel), _mm512_load_ps(turned_right + i * kPanel), all.all);
  }
  all.store(sums);
#else
  // Four at a time: none waits for its own sum alone.
  for (size_t first = 0; first < kPanel; first += kTogether) {
    float some[kTogether];
    for (size_t i = 0; i < kTogether; ++i) some[i] = sums[first + i];
    for (size_t dim = 0; dim < dims; ++dim) {
#pragma GCC unroll 4
      for (size_t i = 0; i < kTogether; ++i) some[i] = ::fmaf(left[first + i][dim] * left_scales[first + i], right[first + i][dim] * right_scales[first + i], some[i]);
    }
    for (size_t i = 0; i < kTogether; ++i) sums[first + i] = some[i];
  }
#endif
}

void listed_products(const float* row, const float* values, size_t padded, const uint32_t* slots, size_t count, float* out) {
  for (size_t first = 0; first < count; first += kTogether) {
    const float *columns[kTogether], *next[kTogether];
    const auto column = [&](size_t i) MERGANSER_INLINE_LAMBDA { return values + slots[i < count ? i : count - 1] * padded; };
    for (size_t i = 0; i < kTogether; ++i) columns[i] = column(first + i), next[i] = column(first + kTogether + i);
    alignas(16) float products[kTogether];
    four_products(row, columns, next, padded, products);
    for (size_t i = 0; i < kTogether && first + i < count; ++i) out[first + i] = products[i];
  }
}

}  // namespace merganser::clustering::MERGANSER_ISA_NS
