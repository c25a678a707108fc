#include "merganser/reduction/fine_products.hpp"

#include "merganser/simd/matrix_tiles.hpp"
#include "merganser/simd/transpose16.hpp"

namespace merganser::reduction::MERGANSER_ISA_NS {

#if defined(MERGANSER_KNOWS_MATRIX_TILES)

namespace {

using simd::MERGANSER_ISA_NS::FineTiles;
using simd::MERGANSER_ISA_NS::Floats16;
using simd::MERGANSER_ISA_NS::store_turned;

constexpr float kPart = 1.f / 254;
constexpr size_t kLanes = 16;

template <size_t kBytes>
MERGANSER_INLINE FineForm round_row(const float* row, size_t dims, float length, size_t of_one, int8_t* codes, const FineRests* rests) {
  // Adding it leaves whole numbers in a float's last bits.
  const __m512 whole = _mm512_set1_ps(12582912);
  const auto mask_of = [&](size_t dim) MERGANSER_INLINE_LAMBDA { return static_cast<__mmask16>(dims - dim < kLanes ? (1u << (dims - dim)) - 1 : 0xFFFF); };
  __m512 greatest = _mm512_setzero_ps();
  for (size_t dim = 0; dim < dims; dim += kLanes) greatest = _mm512_max_ps(greatest, _mm512_abs_ps(_mm512_maskz_loadu_ps(mask_of(dim), row + dim)));
  const float most = _mm512_reduce_max_ps(greatest);
  // Of numbers that small nothing is kept.
  const bool any = most > 1e-30f && most < 1e30f;
  const __m512 inverse = _mm512_set1_ps(any ? 127 / most : 0);
  const float scale = any ? most / 127 : 0;
  __m512 squares[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
  const auto add = [&](float* to, const __m512& numbers, float unit) MERGANSER_INLINE_LAMBDA {
    _mm512_storeu_ps(to, _mm512_fmadd_ps(numbers, _mm512_set1_ps(unit), _mm512_loadu_ps(to)));
  };
  for (size_t dim = 0; dim < of_one; dim += kLanes) {
    __m512 rest = dim < dims ? _mm512_mul_ps(_mm512_maskz_loadu_ps(mask_of(dim), row + dim), inverse) : _mm512_setzero_ps();
#pragma GCC unroll 3
    for (size_t byte = 0; byte < kBytes; ++byte) {
      if (byte > 0) rest = _mm512_mul_ps(rest, _mm512_set1_ps(254));
      const __m512 moved = _mm512_add_ps(rest, whole);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(codes + byte * of_one + dim), _mm512_cvtepi32_epi8(_mm512_castps_si512(moved)));
      rest = _mm512_sub_ps(rest, _mm512_sub_ps(moved, whole));
      if (byte == 0) squares[0] = _mm512_fmadd_ps(rest, rest, squares[0]);
    }
    squares[1] = _mm512_fmadd_ps(rest, rest, squares[1]);
    if (rests) {
      const __m512 second = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(codes + of_one + dim))));
      const __m512 small = _mm512_add_ps(_mm512_mul_ps(rest, _mm512_set1_ps(254)), whole);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(rests->rests + dim), _mm512_cvtepi32_epi8(_mm512_castps_si512(small)));
      const float of_code = scale * rests->scale;
      if (dim < dims) add(rests->totals.all + dim, _mm512_maskz_loadu_ps(mask_of(dim), row + dim), rests->scale);
      add(rests->totals.rests + dim, rest, of_code * kPart);
      add(rests->totals.seconds + dim, second, of_code * kPart);
    }
  }
  float part = scale;
  for (size_t byte = 1; byte < kBytes; ++byte) part *= kPart;
  const auto off = [&](const __m512& sum, float unit) { return any ? unit * __builtin_sqrtf(_mm512_reduce_add_ps(sum)) * (1 + 1e-5f) + 3e-7f * length : length; };
  return {scale, off(squares[0], scale), off(squares[1], part)};
}

// Sums of whole numbers, by weight.
using Sums = int32_t[kMostFineBytes][kFineRows][kFinePair];
// Pairs that sixteen rows are multiplied by in turns. So many dimensions of the rows stay in the nearest cache meanwhile (24 KB).
constexpr size_t kPairs = 2, kSteps[kMostFineBytes + 1] = {0, 0, 12, 8};

template <size_t kBytes>
MERGANSER_INLINE void scores_of_pair(const Sums& sums, const float* row_scales, size_t count, const float* scales, const float* halves, float* out, size_t stride) {
  const __m512 part = _mm512_set1_ps(kPart);
  for (size_t half = 0; half < kFinePair; half += kLanes) {
    const __m512 scale = _mm512_loadu_ps(scales + half), start = _mm512_loadu_ps(halves + half);
    for (size_t row = 0; row < count; ++row) {
      __m512 all = _mm512_cvtepi32_ps(_mm512_load_si512(&sums[kBytes - 1][row][half]));
#pragma GCC unroll 2
      for (size_t weight = kBytes - 1; weight > 0; --weight) all = _mm512_fmadd_ps(all, part, _mm512_cvtepi32_ps(_mm512_load_si512(&sums[weight - 1][row][half])));
      _mm512_storeu_ps(out + row * stride + half, _mm512_fmadd_ps(_mm512_mul_ps(all, scale), _mm512_set1_ps(row_scales[row]), start));
    }
  }
}

template <size_t kBytes>
MERGANSER_INLINE void all_scores(const FineRows& rows, const FinePairs& pairs, const FineShape& shape, float* out, size_t stride) {
  FineTiles tiles;
  alignas(64) Sums sums[kPairs];
  const size_t parts = (shape.steps + kSteps[kBytes] - 1) / kSteps[kBytes];
  for (size_t first = 0; first < rows.count; first += kFineRows) {
    const size_t count = rows.count - first < kFineRows ? rows.count - first : kFineRows;
    for (size_t pair = 0; pair < pairs.count; pair += kPairs) {
      const size_t some = pairs.count - pair < kPairs ? pairs.count - pair : kPairs;
      for (size_t part = 0; part < parts; ++part) {
        for (size_t i = 0; i < some; ++i) {
          tiles.multiply<kBytes>(rows.codes + first * shape.row(), pairs.codes + (pair + i) * shape.pair(), shape.of_one(), part * shape.steps / parts, (part + 1) * shape.steps / parts,
                                 sums[i][0][0]);
        }
      }
      for (size_t i = 0; i < some; ++i) {
        const size_t column = (pair + i) * kFinePair;
        scores_of_pair<kBytes>(sums[i], rows.scales + first, count, pairs.scales + column, pairs.halves + column, out + first * stride + column, stride);
      }
    }
  }
  tiles.release();
}

}  // namespace

FineForm to_fine_bytes(const float* row, size_t dims, float length, const FineShape& shape, int8_t* codes, const FineRests* rests) {
  return shape.bytes == 2 ? round_row<2>(row, dims, length, shape.of_one(), codes, rests) : round_row<3>(row, dims, length, shape.of_one(), codes, rests);
}

float fine_left_out(const int8_t* codes, const int8_t* rests, const FineShape& shape, const FineTotals& totals) {
  const __m512 part = _mm512_set1_ps(kPart);
  const auto numbers = [&](const int8_t* from) MERGANSER_INLINE_LAMBDA { return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)))); };
  __m512 sums[3] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
  for (size_t dim = 0; dim < shape.of_one(); dim += kLanes) {
    const __m512 second = _mm512_mul_ps(numbers(codes + shape.of_one() + dim), part), rest = _mm512_mul_ps(numbers(rests + dim), part);
    sums[0] = _mm512_fmadd_ps(_mm512_add_ps(numbers(codes + dim), second), _mm512_loadu_ps(totals.rests + dim), sums[0]);
    sums[1] = _mm512_fmadd_ps(second, _mm512_loadu_ps(totals.seconds + dim), sums[1]);
    sums[2] = _mm512_fmadd_ps(rest, _mm512_loadu_ps(totals.all + dim), sums[2]);
  }
  return _mm512_reduce_add_ps(_mm512_add_ps(sums[0], sums[1])) + _mm512_reduce_add_ps(sums[2]) * kPart;
}

void pack_fine_pair(const int8_t* rows, const FineShape& shape, int8_t* pair) {
  for (size_t byte = 0; byte < shape.bytes; ++byte) {
    for (size_t dim = 0; dim < shape.of_one(); dim += kFineDims) {
      float* const to = reinterpret_cast<float*>(pair + byte * kFinePair * shape.of_one() + dim * kFinePair);
      for (size_t half = 0; half < kFinePair; half += kLanes) {
        Floats16 lines[kLanes];
#pragma GCC unroll 16
        for (size_t i = 0; i < kLanes; ++i) lines[i] = Floats16::load(reinterpret_cast<const float*>(rows + (half + i) * shape.row() + byte * shape.of_one() + dim));
        store_turned(lines, kLanes, to + half, kFinePair);
      }
    }
  }
}

void fine_scores(const FineRows& rows, const FinePairs& pairs, const FineShape& shape, float* out, size_t stride) {
  if (shape.bytes == 2) all_scores<2>(rows, pairs, shape, out, stride);
  else all_scores<3>(rows, pairs, shape, out, stride);
}

// Of the greatest score of each lane: there are as many others at least as great.
float floor_of_greatest(const float* scores, size_t count, const float* ranks, float rank, size_t few) {
  const __m512 own = _mm512_set1_ps(rank), lowest = _mm512_set1_ps(-3e38f);
  __m512 most = lowest;
  for (size_t at = 0; at < count; at += kLanes) {
    const __mmask16 counts = ranks ? _mm512_cmp_ps_mask(_mm512_loadu_ps(ranks + at), own, _CMP_LT_OQ) : static_cast<__mmask16>(0xFFFF);
    most = _mm512_max_ps(most, _mm512_mask_loadu_ps(lowest, counts, scores + at));
  }
  // Each time the greatest of those that are left: one lane goes.
  for (size_t i = 1; i < few; ++i) {
    const __mmask16 greatest = _mm512_cmp_ps_mask(most, _mm512_set1_ps(_mm512_reduce_max_ps(most)), _CMP_EQ_OQ);
    most = _mm512_mask_mov_ps(most, static_cast<__mmask16>(greatest & -greatest), lowest);
  }
  return _mm512_reduce_max_ps(most);
}

size_t take_above(const float* scores, size_t count, const float* ranks, float rank, float threshold, uint32_t first_column, uint32_t* columns, float* values, size_t size) {
  const __m512 least = _mm512_set1_ps(threshold), own = _mm512_set1_ps(rank);
  for (size_t at = 0; at < count; at += kLanes) {
    const __m512 some = _mm512_loadu_ps(scores + at);
    __mmask16 above = _mm512_cmp_ps_mask(some, least, _CMP_GT_OQ);
    if (above && ranks) above = _mm512_mask_cmp_ps_mask(above, _mm512_loadu_ps(ranks + at), own, _CMP_LT_OQ);
    if (!above) continue;
    const __m512i places = _mm512_add_epi32(_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), _mm512_set1_epi32(static_cast<int>(first_column + at)));
    _mm512_mask_compressstoreu_ps(values + size, above, some);
    _mm512_mask_compressstoreu_epi32(columns + size, above, places);
    size += static_cast<size_t>(__builtin_popcount(above));
  }
  return size;
}

#else

FineForm to_fine_bytes(const float*, size_t, float, const FineShape&, int8_t*, const FineRests*) { return {}; }
float fine_left_out(const int8_t*, const int8_t*, const FineShape&, const FineTotals&) { return 0; }
void pack_fine_pair(const int8_t*, const FineShape&, int8_t*) {}
void fine_scores(const FineRows&, const FinePairs&, const FineShape&, float*, size_t) {}
float floor_of_greatest(const float*, size_t, const float*, float, size_t) { return 0; }
size_t take_above(const float*, size_t, const float*, float, float, uint32_t, uint32_t*, float*, size_t) { return 0; }

#endif

}  // namespace merganser::reduction::MERGANSER_ISA_NS
