#include "merganser/reduction/fine_products.hpp"

#include "merganser/reduction/word_tiles.hpp"
#include "merganser/simd/matrix_tiles.hpp"
#include "merganser/simd/transpose16.hpp"

namespace merganser::reduction::MERGANSER_ISA_NS {

namespace {

constexpr size_t kLanes = 16;

#if defined(MERGANSER_KNOWS_MATRIX_TILES)

using simd::MERGANSER_ISA_NS::FineTiles;

constexpr float kPart = 1.f / 254;

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
#pragma GCC unroll 2
    for (size_t byte = 0; byte < kFineBytes; ++byte) {
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
  const auto off = [&](const __m512& sum, float unit) { return any ? unit * __builtin_sqrtf(_mm512_reduce_add_ps(sum)) * (1 + 1e-5f) + 3e-7f * length : length; };
  return {scale, off(squares[0], scale), off(squares[1], scale * kPart)};
}

// Sums of whole numbers, by weight.
using Sums = int32_t[kFineBytes][kFineRows][kFinePair];
// Pairs that sixteen rows are multiplied by in turns. So many dimensions of the rows stay in the nearest cache meanwhile (24 KB).
constexpr size_t kPairs = 2, kSteps = 12;

MERGANSER_INLINE void scores_of_pair(const Sums& sums, const float* row_scales, size_t count, const float* scales, const float* halves, float* out, size_t stride) {
  const __m512 part = _mm512_set1_ps(kPart);
  for (size_t half = 0; half < kFinePair; half += kLanes) {
    const __m512 scale = _mm512_loadu_ps(scales + half), start = _mm512_loadu_ps(halves + half);
    for (size_t row = 0; row < count; ++row) {
      const auto sum = [&](size_t weight) MERGANSER_INLINE_LAMBDA { return _mm512_cvtepi32_ps(_mm512_load_si512(&sums[weight][row][half])); };
      const __m512 all = _mm512_fmadd_ps(sum(1), part, sum(0));
      _mm512_storeu_ps(out + row * stride + half, _mm512_fmadd_ps(_mm512_mul_ps(all, scale), _mm512_set1_ps(row_scales[row]), start));
    }
  }
}

MERGANSER_INLINE void all_scores(const FineRows& rows, const FinePairs& pairs, const FineShape& shape, float* out, size_t stride) {
  FineTiles tiles;
  alignas(64) Sums sums[kPairs];
  const size_t steps = shape.dims / kFineDims, parts = (steps + kSteps - 1) / kSteps;
  for (size_t first = 0; first < rows.count; first += kFineRows) {
    const size_t count = rows.count - first < kFineRows ? rows.count - first : kFineRows;
    for (size_t pair = 0; pair < pairs.count; pair += kPairs) {
      const size_t some = pairs.count - pair < kPairs ? pairs.count - pair : kPairs;
      for (size_t part = 0; part < parts; ++part) {
        for (size_t i = 0; i < some; ++i) {
          tiles.multiply(rows.codes + first * shape.row(), pairs.codes + (pair + i) * shape.pair(), shape.dims, part * steps / parts, (part + 1) * steps / parts,
                                 sums[i][0][0]);
        }
      }
      for (size_t i = 0; i < some; ++i) {
        const size_t column = (pair + i) * kFinePair;
        scores_of_pair(sums[i], rows.scales + first, count, pairs.scales + column, pairs.halves + column, out + first * stride + column, stride);
      }
    }
  }
  tiles.release();
}

#endif

// Four bytes of each of 32 rows after each other, and the next four.
MERGANSER_INLINE void pack_pair(const int8_t* rows, size_t row_bytes, int8_t* pair) {
  for (size_t at = 0; at < row_bytes; at += kLanes * sizeof(float)) {
    float* const to = reinterpret_cast<float*>(pair + at * kFinePair);
    for (size_t half = 0; half < kFinePair; half += kLanes) {
      Floats16 lines[kLanes];
#pragma GCC unroll 16
      for (size_t i = 0; i < kLanes; ++i) lines[i] = Floats16::load(reinterpret_cast<const float*>(rows + (half + i) * row_bytes + at));
      simd::MERGANSER_ISA_NS::store_turned(lines, kLanes, to + half, kFinePair);
    }
  }
}

}  // namespace

FineForm to_fine_bytes([[maybe_unused]] const float* row, [[maybe_unused]] size_t dims, [[maybe_unused]] float length, [[maybe_unused]] const FineShape& shape, [[maybe_unused]] int8_t* codes,
                       [[maybe_unused]] const FineRests* rests) {
#if defined(MERGANSER_KNOWS_MATRIX_TILES)
  if (!shape.words) return round_row(row, dims, length, shape.dims, codes, rests);
#endif
#if defined(MERGANSER_MULTIPLIES_WORDS)
  return round_to_words(row, dims, length, shape.dims, codes);
#else
  return {};
#endif
}

float fine_left_out([[maybe_unused]] const int8_t* codes, [[maybe_unused]] const int8_t* rests, [[maybe_unused]] const FineShape& shape, [[maybe_unused]] const FineTotals& totals) {
#if defined(MERGANSER_KNOWS_MATRIX_TILES)
  const __m512 part = _mm512_set1_ps(kPart);
  const auto numbers = [&](const int8_t* from) MERGANSER_INLINE_LAMBDA { return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)))); };
  __m512 sums[3] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
  for (size_t dim = 0; dim < shape.dims; dim += kLanes) {
    const __m512 second = _mm512_mul_ps(numbers(codes + shape.dims + dim), part), rest = _mm512_mul_ps(numbers(rests + dim), part);
    sums[0] = _mm512_fmadd_ps(_mm512_add_ps(numbers(codes + dim), second), _mm512_loadu_ps(totals.rests + dim), sums[0]);
    sums[1] = _mm512_fmadd_ps(second, _mm512_loadu_ps(totals.seconds + dim), sums[1]);
    sums[2] = _mm512_fmadd_ps(rest, _mm512_loadu_ps(totals.all + dim), sums[2]);
  }
  return _mm512_reduce_add_ps(_mm512_add_ps(sums[0], sums[1])) + _mm512_reduce_add_ps(sums[2]) * kPart;
#else
  return 0;
#endif
}

void pack_fine_pair(const int8_t* rows, const FineShape& shape, int8_t* pair) { pack_pair(rows, shape.row(), pair); }

void fine_scores([[maybe_unused]] const FineRows& rows, [[maybe_unused]] const FinePairs& pairs, [[maybe_unused]] const FineShape& shape, [[maybe_unused]] float* out, [[maybe_unused]] size_t stride) {
#if defined(MERGANSER_KNOWS_MATRIX_TILES)
  if (!shape.words) {
    all_scores(rows, pairs, shape, out, stride);
    return;
  }
#endif
#if defined(MERGANSER_MULTIPLIES_WORDS)
  all_word_scores(rows, pairs, shape, out, stride);
#endif
}

void word_squares([[maybe_unused]] const FewWordRows& rows, [[maybe_unused]] const WordColumns& columns, [[maybe_unused]] const FineShape& shape, [[maybe_unused]] float* const* out) {
#if defined(MERGANSER_MULTIPLIES_WORDS)
  all_word_squares(rows, columns, shape.row(), out);
#endif
}

}  // namespace merganser::reduction::MERGANSER_ISA_NS
