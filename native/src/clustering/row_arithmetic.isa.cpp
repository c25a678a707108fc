#include "merganser/clustering/row_arithmetic.hpp"

#include <bit>
#include <cmath>

#include "merganser/clustering/bound_epochs.hpp"
#include "merganser/simd/inline.hpp"
#include "merganser/simd/intrinsics.hpp"
#if defined(__SSE__) || defined(_M_X64)
#include <xmmintrin.h>
#endif

namespace merganser::clustering::MERGANSER_ISA_NS {
namespace {

MERGANSER_INLINE float widen_bfloat16(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

// The exponent is moved by a multiplication, which also makes subnormal numbers normal; infinities and NaN get their exponent by hand.
MERGANSER_INLINE float widen_float16(uint16_t bits) {
  const uint32_t magnitude = (bits & 0x7FFFu) << 13, sign = (bits & 0x8000u) << 16;
  const float moved = std::bit_cast<float>(magnitude) * 0x1p112f;
  const uint32_t special = (bits & 0x7C00u) == 0x7C00u ? 0x7F800000u : 0u;
  return std::bit_cast<float>(std::bit_cast<uint32_t>(moved) | special | sign);
}

template <typename Element, typename Widen>
MERGANSER_INLINE void stage(const PointSource& source, size_t row, float* out, Widen widen) {
  const Element* const from = static_cast<const Element*>(source.data) + row * source.dims;
  const size_t dims = source.dims;
  if (source.scales) {
    const float scale = source.scales[row];
    for (size_t i = 0; i < dims; ++i) out[i] = widen(from[i]) * scale;
  } else {
    for (size_t i = 0; i < dims; ++i) out[i] = widen(from[i]);
  }
  if (!source.centre) return;
  const float* const centre = source.centre;
  for (size_t i = 0; i < dims; ++i) out[i] -= centre[i];
}

MERGANSER_INLINE float product(const float* left, const float* right, size_t padded) {
  float sums[16] = {};
  size_t i = 0;
  for (; i + 16 <= padded; i += 16) {
    for (size_t lane = 0; lane < 16; ++lane) sums[lane] += left[i + lane] * right[i + lane];
  }
  for (size_t lane = 0; i < padded; ++i, ++lane) sums[lane] += left[i] * right[i];
  for (size_t half = 8; half > 0; half /= 2) {
    for (size_t lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
  }
  return sums[0];
}

// next: null, or rows that will be read soon.
template <size_t kRows>
MERGANSER_INLINE void squares_of(const float* const* rows, size_t padded, [[maybe_unused]] const float* const* next, double* squares) {
  double sums[kRows][8] = {};
  for (size_t i = 0; i < padded; i += 8) {
#pragma GCC unroll 4
    for (size_t row = 0; row < kRows; ++row) {
#if defined(__GNUC__)
      if (next && i % 16 == 0) __builtin_prefetch(next[row] + i);
#endif
      for (size_t lane = 0; lane < 8; ++lane) {
        const double value = rows[row][i + lane];
        sums[row][lane] += value * value;
      }
    }
  }
  for (size_t row = 0; row < kRows; ++row) {
    const double* const of = sums[row];
    squares[row] = ((of[0] + of[4]) + (of[2] + of[6])) + ((of[1] + of[5]) + (of[3] + of[7]));
  }
}

// Four dimensions of four rows of a panel.
MERGANSER_INLINE void pack_square(const float* const* rows, const float* scales, size_t dim, float* to) {
  constexpr size_t kApart = 16;
#if defined(__SSE__) || defined(_M_X64)
  __m128 parts[4];
  for (size_t i = 0; i < 4; ++i) parts[i] = rows[i] ? _mm_mul_ps(_mm_loadu_ps(rows[i] + dim), _mm_set1_ps(scales[i])) : _mm_setzero_ps();
  _MM_TRANSPOSE4_PS(parts[0], parts[1], parts[2], parts[3]);
  for (size_t i = 0; i < 4; ++i) _mm_storeu_ps(to + i * kApart, parts[i]);
#else
  for (size_t i = 0; i < 4; ++i) {
    for (size_t k = 0; k < 4; ++k) to[k * kApart + i] = rows[i] ? rows[i][dim + k] * scales[i] : 0;
  }
#endif
}

}  // namespace

void stage_row(const PointSource& source, size_t row, float* out, size_t padded) {
  switch (source.type) {
    case ElementType::float32: stage<float>(source, row, out, [](float value) { return value; }); break;
    case ElementType::float16: stage<uint16_t>(source, row, out, widen_float16); break;
    case ElementType::bfloat16: stage<uint16_t>(source, row, out, widen_bfloat16); break;
  }
  for (size_t i = source.dims; i < padded; ++i) out[i] = 0;
}

void expect_row(const PointSource& source, size_t row) {
#if defined(__GNUC__)
  constexpr size_t kLine = 64, kLines = 16;
  const size_t bytes = source.dims * (source.type == ElementType::float32 ? 4 : 2);
  const char* const from = static_cast<const char*>(source.data) + row * bytes;
  for (size_t at = 0; at < bytes && at < kLines * kLine; at += kLine) __builtin_prefetch(from + at);
#endif
}

double squared_norm(const float* row, size_t padded) {
  double square;
  squares_of<1>(&row, padded, nullptr, &square);
  return square;
}

void squared_norms_before(const float* const* rows, size_t padded, const float* const* next, double* squares) { squares_of<kNormsTogether>(rows, padded, next, squares); }

void scale_row(const float* row, float scale, size_t dims, float* to) {
  for (size_t i = 0; i < dims; ++i) to[i] = row[i] * scale;
}

void pack_panel(const float* const* rows, const float* scales, size_t dims, float* panel) {
  constexpr size_t kRows = 16;
  size_t dim = 0;
  for (; dim + 4 <= dims; dim += 4) {
    for (size_t i = 0; i < kRows; i += 4) pack_square(rows + i, scales + i, dim, panel + dim * kRows + i);
  }
  for (; dim < dims; ++dim) {
    for (size_t i = 0; i < kRows; ++i) panel[dim * kRows + i] = rows[i] ? rows[i][dim] * scales[i] : 0;
  }
}

float dot(const float* left, const float* right, size_t padded) { return product(left, right, padded); }

void measure_own_distances(const OwnDistances& of, size_t count) {
  for (size_t i = 0; i < count; ++i) of.thresholds[i] = product(of.rows + i * of.stride, of.centroids + of.slots[i] * of.padded, of.padded) + of.halves[of.slots[i]];
  for (size_t i = 0; i < count; ++i) {
    const float square = of.squares[i], error = ::sqrtf(square) * of.error_of_length + of.error_of_all, own = of.thresholds[i];
    const float least = square - 2 * own + 6 * error, distance = ::sqrtf(least > 0 ? least : 0) * (1 + 1e-6f);
    of.errors[i] = error;
    of.norms[i] = square - 2 * error;
    of.thresholds[i] = own - 2 * error;
    of.reach[i] = distance < of.reach[i] ? distance : of.reach[i];
  }
}

float greatest_magnitude(const float* row, size_t padded) {
  // Magnitudes compare as whole numbers, with NaN above infinity.
  uint32_t greatest = 0;
  for (size_t i = 0; i < padded; ++i) {
    const uint32_t magnitude = std::bit_cast<uint32_t>(row[i]) & 0x7FFFFFFFu;
    greatest = magnitude > greatest ? magnitude : greatest;
  }
  return std::bit_cast<float>(greatest);
}

void add_to_sums(double* sums, double* rests, const float* row, double factor, const Grids& grids, size_t padded) {
  const double coarse = grids.coarse, fine = grids.fine;
  for (size_t i = 0; i < padded; ++i) {
    const double product = factor * row[i], rounded = (product + coarse) - coarse;
    sums[i] += rounded;
    rests[i] += ((product - rounded) + fine) - fine;
  }
}

void add_all_to_sums(double* sums, double* rests, const float* const* rows, const double* factors, size_t count, const Grids& grids, size_t padded) {
  constexpr size_t kLanes = 8;
  const double coarse = grids.coarse, fine = grids.fine;
  for (size_t first = 0; first < padded; first += kLanes) {
    // In registers: what is stored is late to be loaded again.
    double sum[kLanes], rest[kLanes];
    for (size_t lane = 0; lane < kLanes; ++lane) sum[lane] = sums[first + lane], rest[lane] = rests[first + lane];
    for (size_t i = 0; i < count; ++i) {
      const float* const row = rows[i] + first;
      const double factor = factors[i];
      for (size_t lane = 0; lane < kLanes; ++lane) {
        const double product = factor * row[lane], rounded = (product + coarse) - coarse;
        sum[lane] += rounded;
        rest[lane] += ((product - rounded) + fine) - fine;
      }
    }
    for (size_t lane = 0; lane < kLanes; ++lane) sums[first + lane] = sum[lane], rests[first + lane] = rest[lane];
  }
}

void nearest_bounds(const float* bounds, size_t panels, size_t points, const float* drifts, float* nearest) {
  for (size_t panel = 0; panel < panels; ++panel, bounds += points) {
    const float* const of_panel = drifts + panel * kEpochs;
    size_t i = 0;
#if defined(__AVX512F__)
    const __m512 since = _mm512_loadu_ps(of_panel);
    for (; i + 16 <= points; i += 16) _mm512_storeu_ps(nearest + i, _mm512_min_ps(all_worth_now(_mm512_loadu_ps(bounds + i), since), _mm512_loadu_ps(nearest + i)));
#elif defined(__AVX2__)
    const Drifts8 since(of_panel);
    for (; i + 8 <= points; i += 8) _mm256_storeu_ps(nearest + i, _mm256_min_ps(since.worth_now(_mm256_loadu_ps(bounds + i)), _mm256_loadu_ps(nearest + i)));
#endif
    for (; i < points; ++i) {
      const float bound = worth_now(bounds[i], of_panel);
      nearest[i] = bound < nearest[i] ? bound : nearest[i];
    }
  }
}

void raise_bounds(float* bounds, const float* apart, const uint32_t* slots, size_t points, const float* reach, const float* drifts, uint32_t epoch) {
  size_t i = 0;
#if defined(__AVX512F__)
  const __m512 since = _mm512_loadu_ps(drifts);
  for (; i + 16 <= points; i += 16) {
    const __m512 from = _mm512_i32gather_ps(_mm512_loadu_si512(slots + i), apart, sizeof(float)), less = _mm512_loadu_ps(reach + i);
    const __m512 least = _mm512_sub_ps(from, less), known = _mm512_loadu_ps(bounds + i);
    const __mmask16 useful = _mm512_cmp_ps_mask(less, _mm512_setzero_ps(), _CMP_GE_OQ) & _mm512_cmp_ps_mask(least, _mm512_setzero_ps(), _CMP_GT_OQ);
    const __m512 bound = all_bounds_of(least, epoch);
    const __mmask16 more = _mm512_mask_cmp_ps_mask(useful, bound, all_worth_now(known, since), _CMP_GT_OQ);
    _mm512_storeu_ps(bounds + i, _mm512_mask_mov_ps(known, more, bound));
  }
#elif defined(__AVX2__)
  const Drifts8 since(drifts);
  for (; i + 8 <= points; i += 8) {
    const __m256i slot = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(slots + i));
    const __m256 from = _mm256_i32gather_ps(apart, slot, sizeof(float)), less = _mm256_loadu_ps(reach + i);
    const __m256 least = _mm256_sub_ps(from, less), known = _mm256_loadu_ps(bounds + i), zero = _mm256_setzero_ps();
    const __m256 useful = _mm256_and_ps(_mm256_cmp_ps(less, zero, _CMP_GE_OQ), _mm256_cmp_ps(least, zero, _CMP_GT_OQ));
    const __m256 bound = all_bounds_of(least, epoch), more = _mm256_cmp_ps(bound, since.worth_now(known), _CMP_GT_OQ);
    _mm256_storeu_ps(bounds + i, _mm256_blendv_ps(known, bound, _mm256_and_ps(useful, more)));
  }
#endif
  for (; i < points; ++i) {
    const float least = apart[slots[i]] - reach[i], bound = bound_of(least, epoch);
    if (reach[i] >= 0 && least > 0 && bound > worth_now(bounds[i], drifts)) bounds[i] = bound;
  }
}

void halve_epochs(float* bounds, size_t points, const float* steps) {
  size_t i = 0;
#if defined(__AVX2__)
  const Drifts8 since(steps);
  for (; i + 8 <= points; i += 8) {
    const __m256 before = _mm256_loadu_ps(bounds + i), worth = _mm256_max_ps(since.worth_now(before), _mm256_setzero_ps());
    const __m256i epochs = _mm256_srli_epi32(_mm256_add_epi32(_mm256_and_si256(_mm256_castps_si256(before), _mm256_set1_epi32(static_cast<int>(kEpochBits))), _mm256_set1_epi32(1)), 1);
    _mm256_storeu_ps(bounds + i, _mm256_or_ps(all_bounds_of(worth, 0), _mm256_castsi256_ps(epochs)));
  }
#endif
  for (; i < points; ++i) {
    const float worth = worth_now(bounds[i], steps);
    bounds[i] = bound_of(worth > 0 ? worth : 0, ((std::bit_cast<uint32_t>(bounds[i]) & kEpochBits) + 1) / 2);
  }
}

float distance_above(const float* left, const float* right, size_t padded) {
  double sums[8] = {};
  for (size_t i = 0; i < padded; i += 8) {
    for (size_t lane = 0; lane < 8; ++lane) {
      const double apart = static_cast<double>(left[i + lane]) - static_cast<double>(right[i + lane]);
      sums[lane] += apart * apart;
    }
  }
  const double square = ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
  return static_cast<float>(::sqrt(square)) * (1 + 1e-6f);
}

}  // namespace merganser::clustering::MERGANSER_ISA_NS
