// Logits of few queries and rows that lie one after the other: the lookup while decoding. Memory is what it waits for, so as many rows as there are registers for sums share
// the loads of the queries and the additions across lanes, and lines are asked for a fixed way ahead.
#include "merganser/attention/attend_rows.hpp"
#include "merganser/attention/typed_rows.hpp"
#include "merganser/simd/floats16_exp2.hpp"

namespace merganser::attention::MERGANSER_ISA_NS {
namespace {

using namespace simd::MERGANSER_ISA_NS;

#if defined(__AVX512F__)
constexpr size_t kSums = 16;
#else
constexpr size_t kSums = 4;
#endif
constexpr size_t kLine = 64;
constexpr size_t kAhead = 4096;

// Logits of kSums / heads rows: out[head × out_stride + row]. What is `count` rows or more away from the first one is taken for the last.
template <typename Type, size_t heads>
MERGANSER_INLINE void some_logits(const RowSet& set, size_t first, size_t count, const float* queries, size_t query_stride, float* out, size_t out_stride) {
  constexpr size_t kRows = kSums / heads;
  const uint8_t* rows[kRows];
#pragma GCC unroll 16
  for (size_t r = 0; r < kRows; ++r) rows[r] = set.data + set.stride * (r < count ? first + r : first + count - 1);
  Floats16 sums[kSums];
#pragma GCC unroll 16
  for (size_t i = 0; i < kSums; ++i) sums[i] = Floats16::broadcast(0);
  const uint8_t* ahead = rows[0] + kAhead;
  // Lines that lie behind each other, evenly over the steps.
  constexpr size_t kLines = (kRows * 16 * Type::kBytes + kLine - 1) / kLine;
  size_t dim = 0;
  for (; dim + 16 <= set.dims; dim += 16) {
#pragma GCC unroll 16
    for (size_t line = 0; line < kLines; ++line, ahead += kLine) expect_line(reinterpret_cast<const float*>(ahead));
    Floats16 query[heads];
#pragma GCC unroll 4
    for (size_t head = 0; head < heads; ++head) query[head] = Floats16::load(queries + head * query_stride + dim);
#pragma GCC unroll 16
    for (size_t r = 0; r < kRows; ++r) {
      const Floats16 numbers = Type::load(rows[r] + dim * Type::kBytes);
#pragma GCC unroll 4
      for (size_t head = 0; head < heads; ++head) add_products(sums[head * kRows + r], numbers, query[head]);
    }
  }
  if (dim < set.dims) {
    for (size_t r = 0; r < kRows; ++r) {
      const Floats16 numbers = load_some<Type>(rows[r] + dim * Type::kBytes, set.dims - dim);
      for (size_t head = 0; head < heads; ++head) add_products(sums[head * kRows + r], numbers, Floats16::load(queries + head * query_stride + dim));
    }
  }
  float totals[kSums];
#pragma GCC unroll 4
  for (size_t i = 0; i < kSums; i += 4) sums_of_four(sums + i, totals + i);
#pragma GCC unroll 4
  for (size_t head = 0; head < heads; ++head) {
#pragma GCC unroll 16
    for (size_t r = 0; r < kRows; ++r) out[head * out_stride + r] = totals[head * kRows + r];
  }
}

template <typename Type, size_t heads>
void logits_of(const RowsToAttend& rows, size_t query, float* out, size_t out_stride) {
  constexpr size_t kRows = kSums / heads;
  for (size_t from = 0; from < rows.count; from += kRows) {
    some_logits<Type, heads>(rows.keys, rows.first + from, rows.count - from, rows.queries + query * rows.query_stride, rows.query_stride,
                             out + query * out_stride + from, out_stride);
  }
}

template <typename Type>
void all_logits(const RowsToAttend& rows, float* out, size_t out_stride) {
  size_t query = 0;
  for (; query + 4 <= rows.query_count; query += 4) logits_of<Type, 4>(rows, query, out, out_stride);
  for (; query + 2 <= rows.query_count; query += 2) logits_of<Type, 2>(rows, query, out, out_stride);
  for (; query < rows.query_count; ++query) logits_of<Type, 1>(rows, query, out, out_stride);
}

}  // namespace

void row_logits(const RowsToAttend& rows, float* out, size_t out_stride) {
  switch (rows.keys.type) {
    case RowType::float16: all_logits<OfFloat16>(rows, out, out_stride); break;
    case RowType::bfloat16: all_logits<OfBfloat16>(rows, out, out_stride); break;
    case RowType::int8: all_logits<OfInt8>(rows, out, out_stride); break;
    case RowType::float32: all_logits<OfFloat32>(rows, out, out_stride); break;
  }
  if (!rows.scales) return;
  for (size_t query = 0; query < rows.query_count; ++query) {
    float* const own = out + query * out_stride;
    for (size_t i = 0; i < rows.count; ++i) own[i] *= rows.scales[rows.first + i];
  }
}

}  // namespace merganser::attention::MERGANSER_ISA_NS
