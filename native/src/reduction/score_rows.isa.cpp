#include "merganser/reduction/score_rows.hpp"

#include <bit>
#include <cmath>

#include "merganser/simd/floats16.hpp"
#include "merganser/simd/numbers.hpp"

namespace merganser::reduction::MERGANSER_ISA_NS {
namespace {

using simd::MERGANSER_ISA_NS::all_of;
using simd::MERGANSER_ISA_NS::Floats16;
using simd::MERGANSER_ISA_NS::greater;
using simd::MERGANSER_ISA_NS::kNumbers;
using simd::MERGANSER_ISA_NS::lesser;
using simd::MERGANSER_ISA_NS::minus;
using simd::MERGANSER_ISA_NS::Numbers;
using simd::MERGANSER_ISA_NS::plus;
using simd::MERGANSER_ISA_NS::power_of_two;
using simd::MERGANSER_ISA_NS::times;

constexpr size_t kLanes = 16, kColumns = 64;

// exp(x) − 1 for −80 … 0, to 2 units in the last place: exp(x) = 2ⁿ (1 + r q(r)), of which 1 is taken away without rounding. No fused operations: the same bits on every
// instruction set.
MERGANSER_INLINE Numbers exponential_less_one(Numbers x) {
  const Numbers round = all_of(simd::MERGANSER_ISA_NS::kWholeNumber), one = all_of(1);
  const Numbers n = minus(plus(times(x, all_of(1.44269504f)), round), round);
  const Numbers r = plus(minus(x, times(n, all_of(0.693359375f))), times(n, all_of(2.12194440e-4f)));
  Numbers q = plus(times(r, all_of(1.f / 5040)), all_of(1.f / 720));
  q = plus(times(q, r), all_of(1.f / 120));
  q = plus(times(q, r), all_of(1.f / 24));
  q = plus(times(q, r), all_of(1.f / 6));
  q = plus(times(q, r), all_of(0.5f));
  q = plus(times(q, r), one);
  const Numbers power = power_of_two(n);
  return plus(times(power, times(r, q)), minus(power, one));
}

// NaN counts as 0.
MERGANSER_INLINE Numbers elu(Numbers x) {
  const Numbers zero = all_of(0);
  return plus(greater(x, zero), exponential_less_one(greater(lesser(x, zero), all_of(-80))));
}

// The greatest magnitudes lane by lane, which compare as their bits do, with NaN above infinity.
struct Magnitudes {
#if defined(__AVX512F__)
  __m512i all = _mm512_setzero_si512();
  MERGANSER_INLINE void add(const Floats16& numbers) {
    all = _mm512_max_epu32(all, _mm512_and_si512(_mm512_castps_si512(numbers.all), _mm512_set1_epi32(0x7FFFFFFF)));
  }
  MERGANSER_INLINE uint32_t greatest() const { return _mm512_reduce_max_epu32(all); }
#elif defined(__AVX2__)
  __m256i all = _mm256_setzero_si256();
  MERGANSER_INLINE void add(const Floats16& numbers) {
    const __m256i magnitude = _mm256_set1_epi32(0x7FFFFFFF);
    const auto of = [&](__m256 some) MERGANSER_INLINE_LAMBDA { return _mm256_and_si256(_mm256_castps_si256(some), magnitude); };
    all = _mm256_max_epu32(all, _mm256_max_epu32(of(numbers.low), of(numbers.high)));
  }
  MERGANSER_INLINE uint32_t greatest() const {
    alignas(32) uint32_t each[8];
    _mm256_store_si256(reinterpret_cast<__m256i*>(each), all);
    uint32_t most = 0;
    for (const uint32_t one : each) most = one > most ? one : most;
    return most;
  }
#else
  uint32_t all[kLanes] = {};
  MERGANSER_INLINE void add(const Floats16& numbers) {
    alignas(64) float lanes[kLanes];
    numbers.store(lanes);
    for (size_t i = 0; i < kLanes; ++i) {
      const uint32_t magnitude = std::bit_cast<uint32_t>(lanes[i]) & 0x7FFFFFFFu;
      all[i] = magnitude > all[i] ? magnitude : all[i];
    }
  }
  MERGANSER_INLINE uint32_t greatest() const {
    uint32_t most = 0;
    for (size_t i = 0; i < kLanes; ++i) most = all[i] > most ? all[i] : most;
    return most;
  }
#endif
};

struct NoMagnitudes {
  MERGANSER_INLINE void add(const Floats16&) {}
  MERGANSER_INLINE uint32_t greatest() const { return 0; }
};

// Sums of kSums × 16 columns.
template <size_t kSums, typename Measure>
MERGANSER_INLINE void combine_block(const float* values, size_t dims, const uint32_t* columns, const float* weights, size_t count, float* out, Measure& measure) {
  Floats16 sums[kSums];
#pragma GCC unroll 12
  for (size_t i = 0; i < kSums; ++i) sums[i] = Floats16::broadcast(0);
  for (size_t entry = 0; entry < count; ++entry) {
    const float* const row = values + columns[entry] * dims;
    const Floats16::Factor weight = Floats16::factor(weights[entry]);
#pragma GCC unroll 12
    for (size_t i = 0; i < kSums; ++i) {
      const Floats16 numbers = Floats16::load(row + i * kLanes);
      measure.add(numbers);
      sums[i].add_product(weight, numbers);
    }
  }
#pragma GCC unroll 12
  for (size_t i = 0; i < kSums; ++i) sums[i].store(out + i * kLanes);
}

template <typename Measure>
MERGANSER_INLINE float combine(const float* values, size_t dims, const uint32_t* columns, const float* weights, size_t count, float* out) {
  // As many sums as there are registers for: the longer the stretch of a row that is read at once, the better the memory knows what comes.
  constexpr size_t kSums = static_cast<size_t>(simd::MERGANSER_ISA_NS::kTileRows), kBlock = kSums * kLanes;
  Measure measure;
  size_t dim = 0;
  for (; dim + kLanes <= dims;) {
    const size_t left = dims - dim;
    if (left >= kBlock) {
      combine_block<kSums>(values + dim, dims, columns, weights, count, out + dim, measure);
      dim += kBlock;
    } else if (left >= 4 * kLanes) {
      combine_block<4>(values + dim, dims, columns, weights, count, out + dim, measure);
      dim += 4 * kLanes;
    } else {
      combine_block<1>(values + dim, dims, columns, weights, count, out + dim, measure);
      dim += kLanes;
    }
  }
  for (; dim < dims; ++dim) {
    float sum = 0;
    for (size_t entry = 0; entry < count; ++entry) {
      const float number = values[columns[entry] * dims + dim];
      measure.add(Floats16::broadcast(number));
      sum = ::fmaf(weights[entry], number, sum);
    }
    out[dim] = sum;
  }
  return std::bit_cast<float>(measure.greatest());
}

#if defined(__AVX512F__)
// Rows stand anywhere, and what is read of one is short: they are asked for some entries ahead.
constexpr size_t kAhead = 4;

// Sums of kSums × 16 columns, of which the last have `left`.
template <size_t kSums>
MERGANSER_INLINE void combine_block_together(const float* values, size_t dims, const uint32_t* columns, const float* weights, const uint8_t* members, size_t count, size_t dim, __mmask16 left,
                                             float* const* out) {
  __m512 sums[kRowsTogether][kSums];
#pragma GCC unroll 4
  for (size_t r = 0; r < kRowsTogether; ++r) {
#pragma GCC unroll 6
    for (size_t i = 0; i < kSums; ++i) sums[r][i] = _mm512_setzero_ps();
  }
  for (size_t entry = 0; entry < count; ++entry) {
    const float *const row = values + columns[entry] * dims + dim, *const next = values + columns[entry + kAhead < count ? entry + kAhead : count - 1] * dims + dim;
    __m512 numbers[kSums];
#pragma GCC unroll 6
    for (size_t i = 0; i < kSums; ++i) {
      simd::MERGANSER_ISA_NS::expect_line(next + i * kLanes);
      numbers[i] = i + 1 < kSums ? _mm512_loadu_ps(row + i * kLanes) : _mm512_maskz_loadu_ps(left, row + i * kLanes);
    }
#pragma GCC unroll 4
    for (size_t r = 0; r < kRowsTogether; ++r) {
      // A number that is no member's must not count, not even one that is not finite.
      const auto member = static_cast<__mmask16>(-(members[entry] >> r & 1));
      const __m512 weight = _mm512_set1_ps(weights[entry * kRowsTogether + r]);
#pragma GCC unroll 6
      for (size_t i = 0; i < kSums; ++i) sums[r][i] = _mm512_mask3_fmadd_ps(weight, numbers[i], sums[r][i], member);
    }
  }
#pragma GCC unroll 4
  for (size_t r = 0; r < kRowsTogether; ++r) {
#pragma GCC unroll 6
    for (size_t i = 0; i < kSums; ++i) {
      if (i + 1 < kSums) _mm512_storeu_ps(out[r] + dim + i * kLanes, sums[r][i]);
      else _mm512_mask_storeu_ps(out[r] + dim + i * kLanes, left, sums[r][i]);
    }
  }
}
#endif

}  // namespace

void add_elu(const float* scores, size_t stride, size_t rows, size_t columns, float margin, double* row_sums, double* column_sums) {
  alignas(64) double of_columns[kColumns] = {};
  for (size_t row = 0; row < rows; ++row, scores += stride) {
    alignas(64) float values[kColumns];
    for (size_t at = 0; at < kColumns; at += kNumbers) simd::MERGANSER_ISA_NS::store(values + at, elu(minus(simd::MERGANSER_ISA_NS::load(scores + at), all_of(margin))));
    for (size_t at = columns; at < kColumns; ++at) values[at] = 0;
    double of_row[8] = {};
    for (size_t at = 0; at < kColumns; at += 8) {
      for (size_t lane = 0; lane < 8; ++lane) {
        const double value = static_cast<double>(values[at + lane]);
        of_row[lane] += value;
        of_columns[at + lane] += value;
      }
    }
    row_sums[row] += ((of_row[0] + of_row[4]) + (of_row[2] + of_row[6])) + ((of_row[1] + of_row[5]) + (of_row[3] + of_row[7]));
  }
  if (!column_sums) return;
  for (size_t at = 0; at < columns; ++at) column_sums[at] += of_columns[at];
}

size_t rows_above(const float* scores, size_t stride, size_t rows, const float* thresholds, uint32_t* list) {
  size_t found = 0;
  for (size_t row = 0; row < rows; ++row, scores += stride) {
    const Floats16 nothing = Floats16::broadcast(0);
    Floats16 most = Floats16::load(scores), ids = nothing;
    for (size_t at = kLanes; at < kColumns; at += kLanes) most.take_greater(Floats16::load(scores + at), ids, nothing);
    list[found] = static_cast<uint32_t>(row);
    found += most.greatest() > thresholds[row];
  }
  return found;
}

void combine_row(const float* values, size_t dims, const uint32_t* columns, const float* weights, size_t count, float* out) {
  combine<NoMagnitudes>(values, dims, columns, weights, count, out);
}

float combine_row_and_measure(const float* values, size_t dims, const uint32_t* columns, const float* weights, size_t count, float* out) {
  return combine<Magnitudes>(values, dims, columns, weights, count, out);
}

void multiply_row(float* row, size_t dims, double factor) {
  for (size_t i = 0; i < dims; ++i) row[i] = static_cast<float>(static_cast<double>(row[i]) * factor);
}

#if defined(__AVX512F__)
size_t rows_together() { return kRowsTogether; }

void combine_together(const float* values, size_t dims, const uint32_t* columns, const float* weights, const uint8_t* members, size_t count, float* const* out) {
  constexpr size_t kSums = 6, kBlock = kSums * kLanes;
  size_t dim = 0;
  for (; dim + kBlock <= dims; dim += kBlock) combine_block_together<kSums>(values, dims, columns, weights, members, count, dim, 0xFFFF, out);
  for (; dim < dims; dim += kLanes) {
    const auto left = static_cast<__mmask16>(dims - dim < kLanes ? (1u << (dims - dim)) - 1 : 0xFFFF);
    combine_block_together<1>(values, dims, columns, weights, members, count, dim, left, out);
  }
}
#else
size_t rows_together() { return 1; }
void combine_together(const float*, size_t, const uint32_t*, const float*, const uint8_t*, size_t, float* const*) {}
#endif

}  // namespace merganser::reduction::MERGANSER_ISA_NS
