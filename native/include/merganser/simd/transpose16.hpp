// Sixteen rows of sixteen numbers, turned. For kernels only (*.isa.cpp).
#pragma once
#include <cstddef>

#include "merganser/simd/floats16.hpp"

namespace merganser::simd::MERGANSER_ISA_NS {

// to[stride · column + row] = rows[row][column], for the first `columns` of them, one after the other.
MERGANSER_INLINE void store_turned(const Floats16* rows, size_t columns, float* to, size_t stride = 16) {
#if defined(__AVX512F__)
  // Neighbours, pairs of them, fours and eights change places, each within what the step before has brought together.
  __m512 a[16], b[16];
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    a[i] = _mm512_unpacklo_ps(rows[i].all, rows[i + 1].all);
    a[i + 1] = _mm512_unpackhi_ps(rows[i].all, rows[i + 1].all);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      const __m512d low = _mm512_castps_pd(a[i + half]), high = _mm512_castps_pd(a[i + half + 2]);
      b[i + 2 * half] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
      b[i + 2 * half + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const __m512 low = _mm512_shuffle_f32x4(b[i], b[i + 4], 0x88), high = _mm512_shuffle_f32x4(b[i], b[i + 4], 0xdd);
    const __m512 low_later = _mm512_shuffle_f32x4(b[i + 8], b[i + 12], 0x88), high_later = _mm512_shuffle_f32x4(b[i + 8], b[i + 12], 0xdd);
    a[i] = _mm512_shuffle_f32x4(low, low_later, 0x88);
    a[i + 4] = _mm512_shuffle_f32x4(high, high_later, 0x88);
    a[i + 8] = _mm512_shuffle_f32x4(low, low_later, 0xdd);
    a[i + 12] = _mm512_shuffle_f32x4(high, high_later, 0xdd);
  }
  if (columns == 16) {
#pragma GCC unroll 16
    for (size_t i = 0; i < 16; ++i) _mm512_storeu_ps(to + stride * i, a[i]);
  } else {
    for (size_t i = 0; i < columns; ++i) _mm512_storeu_ps(to + stride * i, a[i]);
  }
#else
  float numbers[16][16];
  for (int row = 0; row < 16; ++row) rows[row].store(numbers[row]);
  for (size_t column = 0; column < columns; ++column) {
    for (size_t row = 0; row < 16; ++row) to[stride * column + row] = numbers[row][column];
  }
#endif
}

}  // namespace merganser::simd::MERGANSER_ISA_NS
