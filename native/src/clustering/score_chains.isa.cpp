#include "merganser/clustering/score_chains.hpp"

#include <cmath>

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
  for (size_t i = 0; i < kPanel; ++i) {
    for (size_t dim = 0; dim < dims; ++dim) sums[i] = ::fmaf(left[i][dim] * left_scales[i], right[i][dim] * right_scales[i], sums[i]);
  }
#endif
}

}  // namespace merganser::clustering::MERGANSER_ISA_NS
