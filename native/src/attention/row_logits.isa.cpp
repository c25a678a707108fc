// Logits of few queries and rows that lie one after the other: the lookup while decoding. Memory is what it waits for, so as many rows as there are registers for sums share
// the loads of the queries and the additions across lanes, and lines are asked for a fixed way ahead.
#include "merganser/attention/attend_rows.hpp"
#include "merganser/attention/byte_rows.hpp"
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

// Of rows of one byte. There is so little to compute that row after row is read, from some places in turns.
template <bool vnni, size_t heads>
void byte_logits_of(const RowsToAttend& rows, size_t query, float* out, size_t out_stride) {
  constexpr size_t kRows = 4, kPlacesAtOnce = 4, kBytesAhead = 2048;
  const size_t dims = rows.keys.dims, whole = dims / kByteStep * kByteStep;
  const WholeRows<heads> queries(rows.queries + query * rows.query_stride, rows.query_stride, dims);
  const size_t blocks = (rows.count + kRows - 1) / kRows;
  for (size_t block = 0; block < blocks; ++block) {
    const size_t from = kRows * in_turns(block, blocks, kPlacesAtOnce);
    ByteSum sums[heads][kRows];
#pragma GCC unroll 4
    for (size_t r = 0; r < kRows; ++r) {
      // Behind the last row it is taken again.
      const uint8_t* const row = rows.keys.data + rows.keys.stride * (rows.first + (from + r < rows.count ? from + r : rows.count - 1));
      const auto add = [&](const int8_t* numbers, size_t dim) MERGANSER_INLINE_LAMBDA {
        const ByteSum::Numbers some = ByteSum::load(numbers);
#pragma GCC unroll 4
        for (size_t head = 0; head < heads; ++head) sums[head][r].template add<vnni>(queries.numbers(head) + dim, some);
      };
#pragma GCC unroll 4
      for (size_t head = 0; head < heads; ++head) sums[head][r] = ByteSum::zero();
      for (size_t line = 0; line < dims; line += kLine) expect_line(reinterpret_cast<const float*>(row + kBytesAhead + line));
      for (size_t dim = 0; dim < whole; dim += kByteStep) add(reinterpret_cast<const int8_t*>(row) + dim, dim);
      if (whole == dims) continue;
      int8_t last[kByteStep] = {};
      for (size_t i = whole; i < dims; ++i) last[i - whole] = static_cast<int8_t>(row[i]);
      add(last, whole);
    }
#pragma GCC unroll 4
    for (size_t head = 0; head < heads; ++head) {
      float totals[kRows];
      totals_of_four(sums[head], totals);
      for (size_t r = 0; r < kRows; ++r) out[(query + head) * out_stride + from + r] = totals[r] * queries.scales[head];
    }
  }
}

// visit.operator()<number of queries>(first query): four at a time as long as that goes.
template <typename Visit>
MERGANSER_INLINE void for_each_group(size_t count, Visit visit) {
  size_t query = 0;
  for (; query + 4 <= count; query += 4) visit.template operator()<4>(query);
  for (; query + 2 <= count; query += 2) visit.template operator()<2>(query);
  for (; query < count; ++query) visit.template operator()<1>(query);
}

template <typename Type>
void all_logits(const RowsToAttend& rows, float* out, size_t out_stride) {
  for_each_group(rows.query_count, [&]<size_t heads>(size_t query) MERGANSER_INLINE_LAMBDA { logits_of<Type, heads>(rows, query, out, out_stride); });
}

template <bool vnni>
void all_byte_logits(const RowsToAttend& rows, float* out, size_t out_stride) {
  for_each_group(rows.query_count, [&]<size_t heads>(size_t query) MERGANSER_INLINE_LAMBDA { byte_logits_of<vnni, heads>(rows, query, out, out_stride); });
}

}  // namespace

void row_logits(const RowsToAttend& rows, float* out, size_t out_stride) {
  switch (rows.keys.type) {
    case RowType::float16: all_logits<OfFloat16>(rows, out, out_stride); break;
    case RowType::bfloat16: all_logits<OfBfloat16>(rows, out, out_stride); break;
    case RowType::int8: (has_vnni() ? all_byte_logits<true> : all_byte_logits<false>)(rows, out, out_stride); break;
    case RowType::float32: all_logits<OfFloat32>(rows, out, out_stride); break;
  }
  if (!rows.scales) return;
  for (size_t query = 0; query < rows.query_count; ++query) {
    float* const own = out + query * out_stride;
    for (size_t i = 0; i < rows.count; ++i) own[i] *= rows.scales[rows.first + i];
  }
}

}  // namespace merganser::attention::MERGANSER_ISA_NS
