#include "merganser/search/row_scores.hpp"

#include <cstring>

#include "merganser/simd/floats16_rows.hpp"

namespace merganser::search::MERGANSER_ISA_NS {
namespace {

using simd::MERGANSER_ISA_NS::add_products;
using simd::MERGANSER_ISA_NS::Floats16;
using simd::MERGANSER_ISA_NS::load_bfloat16;
using simd::MERGANSER_ISA_NS::load_float16;
using simd::MERGANSER_ISA_NS::subtract_squares;
using simd::MERGANSER_ISA_NS::sums_of_four;

constexpr size_t kRows = 4;
#if defined(__AVX512F__)
constexpr size_t kQueries = 4;
#else
constexpr size_t kQueries = 1;
#endif

struct LoadFloat32 {
  using Element = float;
  static MERGANSER_INLINE Floats16 load(const float* from) { return Floats16::load(from); }
};
struct LoadFloat16 {
  using Element = uint16_t;
  static MERGANSER_INLINE Floats16 load(const uint16_t* from) { return load_float16(from); }
};
struct LoadBfloat16 {
  using Element = uint16_t;
  static MERGANSER_INLINE Floats16 load(const uint16_t* from) { return load_bfloat16(from); }
};

template <ScoreKind kind>
MERGANSER_INLINE void add_terms(Floats16& sums, const Floats16& row, const Floats16& query) {
  if constexpr (kind == ScoreKind::dot) add_products(sums, row, query);
  else subtract_squares(sums, row, query);
}

// out[q × out_stride + r]
template <typename Load, ScoreKind kind, size_t queries>
MERGANSER_INLINE void float_tile(const typename Load::Element* const* rows, const float* const* query, size_t dims, float* out, size_t out_stride) {
  Floats16 sums[queries][kRows];
#pragma GCC unroll 4
  for (size_t q = 0; q < queries; ++q) {
#pragma GCC unroll 4
    for (size_t r = 0; r < kRows; ++r) sums[q][r] = Floats16::broadcast(0);
  }
  const typename Load::Element* row[kRows];
#pragma GCC unroll 4
  for (size_t r = 0; r < kRows; ++r) row[r] = rows[r];
  size_t i = 0;
  for (; i + 16 <= dims; i += 16) {
    Floats16 values[kRows];
#pragma GCC unroll 4
    for (size_t r = 0; r < kRows; ++r) values[r] = Load::load(row[r] + i);
#pragma GCC unroll 4
    for (size_t q = 0; q < queries; ++q) {
      const Floats16 factor = Floats16::load(query[q] + i);
#pragma GCC unroll 4
      for (size_t r = 0; r < kRows; ++r) add_terms<kind>(sums[q][r], values[r], factor);
    }
  }
  if (i < dims) {
#pragma GCC unroll 4
    for (size_t r = 0; r < kRows; ++r) {
      typename Load::Element rest[16] = {};
      for (size_t j = 0; i + j < dims; ++j) rest[j] = row[r][i + j];
      const Floats16 values = Load::load(rest);
#pragma GCC unroll 4
      for (size_t q = 0; q < queries; ++q) add_terms<kind>(sums[q][r], values, Floats16::load(query[q] + i));
    }
  }
#pragma GCC unroll 4
  for (size_t q = 0; q < queries; ++q) sums_of_four(sums[q], out + q * out_stride);
}

#if defined(__AVX512BW__)
struct Sums32 {
  __m512i all;
  static MERGANSER_INLINE Sums32 zero() { return {_mm512_setzero_si512()}; }
  static MERGANSER_INLINE __m512i widen(const int8_t* from) { return _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))); }
  MERGANSER_INLINE void add(__m512i row, const int16_t* query) {
    all = _mm512_add_epi32(all, _mm512_madd_epi16(row, _mm512_loadu_si512(query)));
  }
  MERGANSER_INLINE int32_t sum() const { return _mm512_reduce_add_epi32(all); }
};
#elif defined(__AVX2__)
struct Wide32 {
  __m256i low, high;
};
struct Sums32 {
  __m256i all;
  static MERGANSER_INLINE Sums32 zero() { return {_mm256_setzero_si256()}; }
  static MERGANSER_INLINE Wide32 widen(const int8_t* from) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    return {_mm256_cvtepi8_epi16(_mm256_castsi256_si128(bytes)), _mm256_cvtepi8_epi16(_mm256_extracti128_si256(bytes, 1))};
  }
  MERGANSER_INLINE void add(const Wide32& row, const int16_t* query) {
    const auto* const words = reinterpret_cast<const __m256i*>(query);
    all = _mm256_add_epi32(all, _mm256_madd_epi16(row.low, _mm256_loadu_si256(words)));
    all = _mm256_add_epi32(all, _mm256_madd_epi16(row.high, _mm256_loadu_si256(words + 1)));
  }
  MERGANSER_INLINE int32_t sum() const {
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
    return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 0xB1)));
  }
};
#else
struct Sums32 {
  int32_t all;
  static MERGANSER_INLINE Sums32 zero() { return {0}; }
  static MERGANSER_INLINE const int8_t* widen(const int8_t* from) { return from; }
  MERGANSER_INLINE void add(const int8_t* row, const int16_t* query) {
    for (int i = 0; i < 32; ++i) all += row[i] * query[i];
  }
  MERGANSER_INLINE int32_t sum() const { return all; }
};
#endif

constexpr size_t kInt8Step = 32;

// One row and some queries: sums[q].
template <size_t queries>
MERGANSER_INLINE void int8_sums(const int8_t* row, const int16_t* const* query, size_t dims, int32_t* out) {
  Sums32 sums[queries];
#pragma GCC unroll 4
  for (size_t q = 0; q < queries; ++q) sums[q] = Sums32::zero();
  size_t i = 0;
  for (; i + kInt8Step <= dims; i += kInt8Step) {
    const auto values = Sums32::widen(row + i);
#pragma GCC unroll 4
    for (size_t q = 0; q < queries; ++q) sums[q].add(values, query[q] + i);
  }
  if (i < dims) {
    int8_t rest[kInt8Step] = {};
    for (size_t j = 0; i + j < dims; ++j) rest[j] = row[i + j];
    const auto values = Sums32::widen(rest);
#pragma GCC unroll 4
    for (size_t q = 0; q < queries; ++q) sums[q].add(values, query[q] + i);
  }
#pragma GCC unroll 4
  for (size_t q = 0; q < queries; ++q) out[q] = sums[q].sum();
}

#if defined(__AVX512BW__)
// Four rows that follow each other, and one query.
MERGANSER_INLINE __m128i int8_four(const int8_t* row, const int16_t* query, size_t dims) {
  __m512i sums[kRows];
#pragma GCC unroll 4
  for (size_t r = 0; r < kRows; ++r) sums[r] = _mm512_setzero_si512();
  for (size_t i = 0; i < dims; i += kInt8Step) {
    const __m512i factor = _mm512_loadu_si512(query + i);
#pragma GCC unroll 4
    for (size_t r = 0; r < kRows; ++r) sums[r] = _mm512_add_epi32(sums[r], _mm512_madd_epi16(Sums32::widen(row + r * dims + i), factor));
  }
  __m128i four[kRows];
#pragma GCC unroll 4
  for (size_t r = 0; r < kRows; ++r) {
    const __m256i eight = _mm256_add_epi32(_mm512_castsi512_si256(sums[r]), _mm512_extracti64x4_epi64(sums[r], 1));
    four[r] = _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
  }
  return _mm_hadd_epi32(_mm_hadd_epi32(four[0], four[1]), _mm_hadd_epi32(four[2], four[3]));
}
#endif

MERGANSER_INLINE float int8_score(int32_t sum, const float* row_scales, ScoreKind kind, float query_scale, float query_square) {
  const float product = static_cast<float>(sum) * (query_scale * row_scales[0]);
  return kind == ScoreKind::dot ? product : (2 * product - row_scales[1]) - query_square;
}

MERGANSER_INLINE void int8_range(const SlotRows& rows, ScoreKind kind, size_t dims, const QueryRows& queries, const uint32_t* list, size_t list_size,
                                 size_t first, size_t count, float* out, size_t out_stride) {
  const int16_t* codes[kQueryTile];
  for (size_t q = 0; q < kQueryTile; ++q) codes[q] = queries.codes + list[q < list_size ? q : 0] * queries.stride;
  size_t i = 0;
#if defined(__AVX512BW__)
  if (list_size == 1 && dims % kInt8Step == 0) {
    const __m128 query_scale = _mm_set1_ps(queries.scales[list[0]]), query_square = _mm_set1_ps(queries.squares[list[0]]);
    for (; i + kRows <= count; i += kRows) {
      const __m128 products = _mm_cvtepi32_ps(int8_four(static_cast<const int8_t*>(rows.data) + (first + i) * dims, codes[0], dims));
      const float* const scales = rows.scales + 2 * (first + i);
      const __m128 low = _mm_loadu_ps(scales), high = _mm_loadu_ps(scales + 4);
      const __m128 scaled = _mm_mul_ps(products, _mm_mul_ps(query_scale, _mm_shuffle_ps(low, high, 0x88)));
      const __m128 far = _mm_sub_ps(_mm_sub_ps(_mm_add_ps(scaled, scaled), _mm_shuffle_ps(low, high, 0xDD)), query_square);
      _mm_storeu_ps(out + i, kind == ScoreKind::dot ? scaled : far);
    }
  }
#endif
  for (; i < count; ++i) {
    const int8_t* const row = static_cast<const int8_t*>(rows.data) + (first + i) * dims;
    int32_t sums[kQueryTile];
    if (list_size == 1) int8_sums<1>(row, codes, dims, sums);
    else int8_sums<kQueryTile>(row, codes, dims, sums);
    for (size_t q = 0; q < list_size; ++q)
      out[q * out_stride + i] = int8_score(sums[q], rows.scales + 2 * (first + i), kind, queries.scales[list[q]], queries.squares[list[q]]);
  }
}

template <typename Load, ScoreKind kind>
MERGANSER_INLINE void float_range(const SlotRows& rows, size_t dims, const QueryRows& queries, const uint32_t* list, size_t list_size, size_t first,
                                  size_t count, float* out, size_t out_stride) {
  using Element = typename Load::Element;
  const auto* const data = static_cast<const Element*>(rows.data);
  for (size_t i = 0; i < count; i += kRows) {
    const Element* row[kRows];
    for (size_t r = 0; r < kRows; ++r) row[r] = data + (first + (i + r < count ? i + r : count - 1)) * dims;
    for (size_t q = 0; q < list_size;) {
      const float* query[kQueries];
      float scores[kQueries * kRows];
      size_t tile = 1;
      for (size_t j = 0; j < kQueries; ++j) query[j] = queries.values + list[q + j < list_size ? q + j : list_size - 1] * queries.stride;
      if (kQueries > 1 && q + 1 < list_size) {
        float_tile<Load, kind, kQueries>(row, query, dims, scores, kRows);
        tile = kQueries < list_size - q ? kQueries : list_size - q;
      } else {
        float_tile<Load, kind, 1>(row, query, dims, scores, kRows);
      }
      for (size_t j = 0; j < tile; ++j) {
        for (size_t r = 0; r < kRows && i + r < count; ++r) out[(q + j) * out_stride + i + r] = scores[j * kRows + r];
      }
      q += tile;
    }
  }
}

MERGANSER_INLINE void expect(const char* row, size_t bytes) {
#if defined(__GNUC__)
  for (size_t at = 0; at < bytes; at += 64) __builtin_prefetch(row + at);
#endif
}

template <typename Load, ScoreKind kind>
MERGANSER_INLINE void float_slots(const SlotRows& rows, size_t dims, const float* query, const uint32_t* slots, size_t count, float* out) {
  using Element = typename Load::Element;
  const auto* const data = static_cast<const Element*>(rows.data);
  constexpr size_t kAhead = 12;
  for (size_t i = 0; i < count && i < kAhead; ++i) expect(reinterpret_cast<const char*>(data + slots[i] * dims), dims * sizeof(Element));
  for (size_t i = 0; i < count; i += kRows) {
    const Element* row[kRows];
    for (size_t r = 0; r < kRows; ++r) {
      row[r] = data + slots[i + r < count ? i + r : count - 1] * dims;
      if (i + r + kAhead < count) expect(reinterpret_cast<const char*>(data + slots[i + r + kAhead] * dims), dims * sizeof(Element));
    }
    float scores[kRows];
    float_tile<Load, kind, 1>(row, &query, dims, scores, kRows);
    for (size_t r = 0; r < kRows && i + r < count; ++r) out[i + r] = scores[r];
  }
}

MERGANSER_INLINE void int8_slots(const SlotRows& rows, ScoreKind kind, size_t dims, const QueryRows& queries, size_t query, const uint32_t* slots,
                                 size_t count, float* out) {
  const auto* const data = static_cast<const int8_t*>(rows.data);
  constexpr size_t kAhead = 16;
  const int16_t* const codes = queries.codes + query * queries.stride;
  for (size_t i = 0; i < count && i < kAhead; ++i) expect(reinterpret_cast<const char*>(data + slots[i] * dims), dims);
  for (size_t i = 0; i < count; ++i) {
    if (i + kAhead < count) expect(reinterpret_cast<const char*>(data + slots[i + kAhead] * dims), dims);
    int32_t sum;
    int8_sums<1>(data + slots[i] * dims, &codes, dims, &sum);
    out[i] = int8_score(sum, rows.scales + 2 * static_cast<size_t>(slots[i]), kind, queries.scales[query], queries.squares[query]);
  }
}

}  // namespace

void score_slots(const SlotRows& rows, ScoreKind kind, size_t dims, const QueryRows& queries, size_t query, const uint32_t* slots, size_t count, float* out) {
  const float* const values = queries.values + query * queries.stride;
  const bool dot = kind == ScoreKind::dot;
  switch (rows.type) {
    case RowType::float32:
      if (dot) return float_slots<LoadFloat32, ScoreKind::dot>(rows, dims, values, slots, count, out);
      return float_slots<LoadFloat32, ScoreKind::l2>(rows, dims, values, slots, count, out);
    case RowType::float16:
      if (dot) return float_slots<LoadFloat16, ScoreKind::dot>(rows, dims, values, slots, count, out);
      return float_slots<LoadFloat16, ScoreKind::l2>(rows, dims, values, slots, count, out);
    case RowType::bfloat16:
      if (dot) return float_slots<LoadBfloat16, ScoreKind::dot>(rows, dims, values, slots, count, out);
      return float_slots<LoadBfloat16, ScoreKind::l2>(rows, dims, values, slots, count, out);
    case RowType::int8: return int8_slots(rows, kind, dims, queries, query, slots, count, out);
  }
}

void score_range(const SlotRows& rows, ScoreKind kind, size_t dims, const QueryRows& queries, const uint32_t* list, size_t list_size, size_t first,
                 size_t count, float* out, size_t out_stride) {
  const bool dot = kind == ScoreKind::dot;
  switch (rows.type) {
    case RowType::float32:
      if (dot) return float_range<LoadFloat32, ScoreKind::dot>(rows, dims, queries, list, list_size, first, count, out, out_stride);
      return float_range<LoadFloat32, ScoreKind::l2>(rows, dims, queries, list, list_size, first, count, out, out_stride);
    case RowType::float16:
      if (dot) return float_range<LoadFloat16, ScoreKind::dot>(rows, dims, queries, list, list_size, first, count, out, out_stride);
      return float_range<LoadFloat16, ScoreKind::l2>(rows, dims, queries, list, list_size, first, count, out, out_stride);
    case RowType::bfloat16:
      if (dot) return float_range<LoadBfloat16, ScoreKind::dot>(rows, dims, queries, list, list_size, first, count, out, out_stride);
      return float_range<LoadBfloat16, ScoreKind::l2>(rows, dims, queries, list, list_size, first, count, out, out_stride);
    case RowType::int8: return int8_range(rows, kind, dims, queries, list, list_size, first, count, out, out_stride);
  }
}

}  // namespace merganser::search::MERGANSER_ISA_NS
