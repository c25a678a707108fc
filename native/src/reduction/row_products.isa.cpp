#include "merganser/reduction/row_products.hpp"

#include "merganser/simd/floats16.hpp"

namespace merganser::reduction::MERGANSER_ISA_NS {
namespace {

using simd::MERGANSER_ISA_NS::Floats16;

constexpr size_t kLanes = 16;

#if defined(__AVX512F__) || defined(__AVX2__)
// The same as below.
MERGANSER_INLINE float sum_of_lanes(const Floats16& sums) {
#if defined(__AVX512F__)
  const __m256 low = _mm512_castps512_ps256(sums.all), high = _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(sums.all), 1));
#else
  const __m256 low = sums.low, high = sums.high;
#endif
  const __m256 eight = _mm256_add_ps(low, high);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
#else
MERGANSER_INLINE float sum_of_lanes(const Floats16& sums) {
  alignas(64) float lanes[kLanes];
  sums.store(lanes);
  float eight[8];
  for (size_t i = 0; i < 8; ++i) eight[i] = lanes[i] + lanes[i + 8];
  return ((eight[0] + eight[4]) + (eight[2] + eight[6])) + ((eight[1] + eight[5]) + (eight[3] + eight[7]));
}
#endif

// Sixteen columns starting at `dim`, of which `left` are there.
MERGANSER_INLINE Floats16 load_part(const float* row, size_t left) {
  alignas(64) float lanes[kLanes] = {};
  for (size_t i = 0; i < left; ++i) lanes[i] = row[i];
  return Floats16::load(lanes);
}

#if defined(__AVX512F__)
MERGANSER_INLINE void add_products(Floats16& sums, const Floats16& a, const Floats16& b) { sums.all = _mm512_fmadd_ps(a.all, b.all, sums.all); }
#elif defined(__AVX2__)
MERGANSER_INLINE void add_products(Floats16& sums, const Floats16& a, const Floats16& b) {
  sums.low = _mm256_fmadd_ps(a.low, b.low, sums.low);
  sums.high = _mm256_fmadd_ps(a.high, b.high, sums.high);
}
#elif defined(__ARM_NEON)
MERGANSER_INLINE void add_products(Floats16& sums, const Floats16& a, const Floats16& b) {
  for (int i = 0; i < 4; ++i) sums.part[i] = vfmaq_f32(sums.part[i], a.part[i], b.part[i]);
}
#else
MERGANSER_INLINE void add_products(Floats16& sums, const Floats16& a, const Floats16& b) {
  for (int i = 0; i < 16; ++i) sums.each[i] = ::fmaf(a.each[i], b.each[i], sums.each[i]);
}
#endif

template <int kRows>
MERGANSER_INLINE void add_all(Floats16 (*sums)[4], const Floats16* left, const Floats16* right) {
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int c = 0; c < 4; ++c) add_products(sums[r][c], left[r], right[c]);
  }
}

// Rows × 4 inner products; the loads of four columns serve all rows.
template <int kRows>
MERGANSER_INLINE void four_products(const float* const* rows, const float* const* columns, size_t dims, float* const* out) {
  Floats16 sums[kRows][4];
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int c = 0; c < 4; ++c) sums[r][c] = Floats16::broadcast(0);
  }
  size_t dim = 0;
  for (; dim + kLanes <= dims; dim += kLanes) {
    Floats16 left[kRows], right[4];
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) left[r] = Floats16::load(rows[r] + dim);
#pragma GCC unroll 4
    for (int c = 0; c < 4; ++c) right[c] = Floats16::load(columns[c] + dim);
    add_all<kRows>(sums, left, right);
  }
  if (dim < dims) {
    Floats16 left[kRows], right[4];
    for (int r = 0; r < kRows; ++r) left[r] = load_part(rows[r] + dim, dims - dim);
    for (int c = 0; c < 4; ++c) right[c] = load_part(columns[c] + dim, dims - dim);
    add_all<kRows>(sums, left, right);
  }
  for (int r = 0; r < kRows; ++r) {
    for (int c = 0; c < 4; ++c) out[r][c] = sum_of_lanes(sums[r][c]);
  }
}

template <int kRows>
MERGANSER_INLINE void all_products(const float* const* rows, const float* values, size_t dims, const uint32_t* columns, size_t count, float* const* out) {
  for (size_t first = 0; first < count; first += 4) {
    const float* four[4];
    // The last ones are repeated where there are not four.
    for (size_t c = 0; c < 4; ++c) four[c] = values + columns[first + c < count ? first + c : count - 1] * dims;
    float found[kRows][4];
    float* to[kRows];
    for (int r = 0; r < kRows; ++r) to[r] = found[r];
    four_products<kRows>(rows, four, dims, to);
    for (int r = 0; r < kRows; ++r) {
      for (size_t c = 0; c < 4 && first + c < count; ++c) out[r][first + c] = found[r][c];
    }
  }
}

#if defined(__AVX2__) && !defined(__AVX512F__)
// Four rows by up to three columns, eight sums each.
template <size_t kColumns>
MERGANSER_INLINE void products_of_four(const float* const* rows, const float* const* columns, size_t dims, size_t first, float* const* out) {
  constexpr size_t kSums = 8;
  __m256 sums[kRowsTogether][kColumns];
#pragma GCC unroll 4
  for (size_t r = 0; r < kRowsTogether; ++r) {
#pragma GCC unroll 3
    for (size_t c = 0; c < kColumns; ++c) sums[r][c] = _mm256_setzero_ps();
  }
  size_t dim = 0;
  for (; dim + kSums <= dims; dim += kSums) {
    __m256 numbers[kColumns];
#pragma GCC unroll 3
    for (size_t c = 0; c < kColumns; ++c) {
      numbers[c] = _mm256_loadu_ps(columns[c] + dim);
      MERGANSER_KEEP_LOADED(numbers[c]);
    }
#pragma GCC unroll 4
    for (size_t r = 0; r < kRowsTogether; ++r) {
      __m256 row = _mm256_loadu_ps(rows[r] + dim);
      MERGANSER_KEEP_LOADED(row);
#pragma GCC unroll 3
      for (size_t c = 0; c < kColumns; ++c) sums[r][c] = _mm256_fmadd_ps(row, numbers[c], sums[r][c]);
    }
  }
  for (size_t r = 0; r < kRowsTogether; ++r) {
    for (size_t c = 0; c < kColumns; ++c) {
      alignas(32) float each[kSums];
      _mm256_store_ps(each, sums[r][c]);
      float sum = 0;
      for (size_t at = dim; at < dims; ++at) sum += rows[r][at] * columns[c][at];
      for (const float one : each) sum += one;
      out[r][first + c] = sum;
    }
  }
}
#endif

}  // namespace

void products_with(const float* row, const float* values, size_t dims, const uint32_t* columns, size_t count, float* out) {
  const float* const rows[1] = {row};
  float* const outs[1] = {out};
  all_products<1>(rows, values, dims, columns, count, outs);
}

void products_of_two(const float* first, const float* second, const float* values, size_t dims, const uint32_t* columns, size_t count, float* out_first,
                     float* out_second) {
  const float* const rows[2] = {first, second};
  float* const outs[2] = {out_first, out_second};
  all_products<2>(rows, values, dims, columns, count, outs);
}

#if defined(__AVX512F__)
bool multiplies_together() { return true; }
void products_together(const float* const* rows, const float* values, size_t dims, const uint32_t* columns, size_t count, float* const* out) {
  all_products<kRowsTogether>(rows, values, dims, columns, count, out);
}
#elif defined(__AVX2__)
bool multiplies_together() { return true; }

void products_together(const float* const* rows, const float* values, size_t dims, const uint32_t* columns, size_t count, float* const* out) {
  constexpr size_t kColumns = 3;
  for (size_t first = 0; first < count; first += kColumns) {
    const float* some[kColumns];
    for (size_t c = 0; c < kColumns; ++c) some[c] = values + columns[first + c < count ? first + c : count - 1] * dims;
    if (count - first >= 3) products_of_four<3>(rows, some, dims, first, out);
    else if (count - first == 2) products_of_four<2>(rows, some, dims, first, out);
    else products_of_four<1>(rows, some, dims, first, out);
  }
}
#else
bool multiplies_together() { return false; }
void products_together(const float* const*, const float*, size_t, const uint32_t*, size_t, float* const*) {}
#endif

}  // namespace merganser::reduction::MERGANSER_ISA_NS
