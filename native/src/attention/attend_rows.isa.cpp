#include "merganser/attention/attend_rows.hpp"

#include "merganser/attention/raise_greatest.hpp"
#include "merganser/attention/typed_rows.hpp"
#include "merganser/simd/floats16_exp2.hpp"

namespace merganser::attention::MERGANSER_ISA_NS {
namespace {

using namespace simd::MERGANSER_ISA_NS;

// Queries that share a row's load, and accumulators: as many as fit into the registers beside the operands; of one query so many that there is time between a load and its use.
#if defined(__AVX512F__)
constexpr size_t kSharing = 4;
constexpr size_t sums_of(size_t heads) { return heads == 4 ? 16 : 8; }
#elif defined(__AVX2__) || defined(__ARM_NEON)
constexpr size_t kSharing = 4;
constexpr size_t sums_of(size_t) { return 4; }
#else
constexpr size_t kSharing = 1;
constexpr size_t sums_of(size_t) { return 1; }
#endif
constexpr size_t kLine = 64;
constexpr size_t kQueriesAtATime = 16;
constexpr float kLog2E = 1.44269504f;
// Bytes of a block's keys and values of which the first cache has room for two.
constexpr size_t kNearBlock = 8192;
// Blocks of means, which are short, are read from so many places in turns.
constexpr size_t kPlacesAtOnce = 4;

// The cache lines of some rows, one row after the other.
class LinesAhead {
 public:
  MERGANSER_INLINE LinesAhead(const uint8_t* const* rows, size_t count, size_t row_bytes) : rows_(rows), end_(rows + count), row_bytes_(row_bytes) {}
  MERGANSER_INLINE void ask(size_t lines) {
    for (; lines > 0 && rows_ < end_; --lines) {
      expect_line(reinterpret_cast<const float*>(*rows_ + at_));
      at_ += kLine;
      if (at_ >= row_bytes_) at_ = 0, ++rows_;
    }
  }
  // Of a block's rows.
  MERGANSER_INLINE size_t lines() const { return kRowBlock * ((row_bytes_ + kLine - 1) / kLine); }

 private:
  const uint8_t* const* rows_;
  const uint8_t* const* end_;
  size_t row_bytes_;
  size_t at_ = 0;
};

// In place of values behind the last row, whose weights are 0: what would stand there might be infinite.
alignas(64) constexpr uint8_t kNoValues[kMaxDims * sizeof(float)] = {};

// Logits of a block's rows for `heads` queries: out[head × kRowBlock + row].
template <typename Type, size_t heads>
void block_logits(const uint8_t* const* rows, size_t dims, const float* queries, size_t query_stride, LinesAhead& ahead, float* out) {
  constexpr size_t kSums = sums_of(heads), kRows = kSums / heads;
  const size_t whole = dims / 16 * 16;
  // Evenly over the steps of all rows.
  const size_t steps = kRowBlock / kRows * (whole / 16 > 0 ? whole / 16 : 1), lines = (ahead.lines() + steps - 1) / steps;
  for (size_t first = 0; first < kRowBlock; first += kRows) {
    Floats16 sums[kRows][heads];
    const uint8_t* row[kRows];
#pragma GCC unroll 8
    for (size_t r = 0; r < kRows; ++r) {
      row[r] = rows[first + r];
#pragma GCC unroll 4
      for (size_t head = 0; head < heads; ++head) sums[r][head] = Floats16::broadcast(0);
    }
    for (size_t dim = 0; dim < whole; dim += 16) {
      ahead.ask(lines);
#pragma GCC unroll 8
      for (size_t r = 0; r < kRows; ++r) {
        const Floats16 numbers = Type::load(row[r] + dim * Type::kBytes);
#pragma GCC unroll 4
        for (size_t head = 0; head < heads; ++head) add_products(sums[r][head], numbers, Floats16::load(queries + head * query_stride + dim));
      }
    }
    if (whole < dims) {
#pragma GCC unroll 8
      for (size_t r = 0; r < kRows; ++r) {
        const Floats16 numbers = load_some<Type>(row[r] + whole * Type::kBytes, dims - whole);
#pragma GCC unroll 4
        for (size_t head = 0; head < heads; ++head) add_products(sums[r][head], numbers, Floats16::load(queries + head * query_stride + whole));
      }
    }
    if constexpr (kSums % 4 == 0) {
      float totals[kSums];
#pragma GCC unroll 4
      for (size_t i = 0; i < kSums; i += 4) sums_of_four(&sums[0][0] + i, totals + i);
#pragma GCC unroll 8
      for (size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
        for (size_t head = 0; head < heads; ++head) out[head * kRowBlock + first + r] = totals[r * heads + head];
      }
    } else {
      for (size_t head = 0; head < heads; ++head) out[head * kRowBlock + first] = total(sums[0][head]);
    }
  }
}

// out[head × out_stride + dim] += Σ weights[head × kRowBlock + row] × row
template <typename Type, size_t heads>
void add_block(const uint8_t* const* rows, size_t dims, const float* weights, LinesAhead& ahead, float* out, size_t out_stride) {
  constexpr size_t kColumns = sums_of(heads) / heads;
  const size_t steps = (dims + 16 * kColumns - 1) / (16 * kColumns) * kRowBlock;
  const size_t lines = (ahead.lines() + steps - 1) / steps;
  size_t dim = 0;
  for (; dim + 16 * kColumns <= dims; dim += 16 * kColumns) {
    Floats16 sums[heads][kColumns];
#pragma GCC unroll 4
    for (size_t head = 0; head < heads; ++head) {
#pragma GCC unroll 8
      for (size_t c = 0; c < kColumns; ++c) sums[head][c] = Floats16::load(out + head * out_stride + dim + 16 * c);
    }
    for (size_t row = 0; row < kRowBlock; ++row) {
      ahead.ask(lines);
      Floats16 numbers[kColumns];
#pragma GCC unroll 8
      for (size_t c = 0; c < kColumns; ++c) numbers[c] = Type::load(rows[row] + (dim + 16 * c) * Type::kBytes);
#pragma GCC unroll 4
      for (size_t head = 0; head < heads; ++head) {
        const Floats16::Factor weight = Floats16::factor(weights[head * kRowBlock + row]);
#pragma GCC unroll 8
        for (size_t c = 0; c < kColumns; ++c) sums[head][c].add_product(weight, numbers[c]);
      }
    }
#pragma GCC unroll 4
    for (size_t head = 0; head < heads; ++head) {
#pragma GCC unroll 8
      for (size_t c = 0; c < kColumns; ++c) sums[head][c].store(out + head * out_stride + dim + 16 * c);
    }
  }
  for (; dim < dims; dim += 16) {
    for (size_t row = 0; row < kRowBlock; ++row) {
      ahead.ask(lines);
      const uint8_t* const from = rows[row] + dim * Type::kBytes;
      const Floats16 numbers = dim + 16 <= dims ? Type::load(from) : load_some<Type>(from, dims - dim);
#pragma GCC unroll 4
      for (size_t head = 0; head < heads; ++head) {
        Floats16 sums = Floats16::load(out + head * out_stride + dim);
        sums.add_product(Floats16::factor(weights[head * kRowBlock + row]), numbers);
        sums.store(out + head * out_stride + dim);
      }
    }
  }
}

// From logits to weights, relative to the greatest so far, which may rise.
void soften(float* logits, const Running& running, size_t query, size_t value_dims) {
  const Floats16 block = Floats16::load(logits);
  const float most = block.greatest();
  if (most > running.greatest[query]) raise_greatest(running, query, most, (value_dims + 15) / 16 * 16);
  const Floats16 weights = exp2_below(block, Floats16::broadcast(running.greatest[query]));
  weights.store(logits);
  running.sums[query] += total(weights);
}

// visit.operator()<number of queries>(first query) for all of them, four at a time as long as that goes.
template <typename Visit>
MERGANSER_INLINE void for_each_group(size_t count, Visit visit) {
  size_t query = 0;
  if constexpr (kSharing == 4) {
    for (; query + 4 <= count; query += 4) visit.template operator()<4>(query);
    for (; query + 2 <= count; query += 2) visit.template operator()<2>(query);
  }
  for (; query < count; ++query) visit.template operator()<1>(query);
}

template <typename Type>
void logits_of_block(const uint8_t* const* rows, size_t dims, const float* queries, size_t query_stride, size_t count, LinesAhead& ahead, float* out) {
  for_each_group(count, [&]<size_t heads>(size_t q) MERGANSER_INLINE_LAMBDA {
    block_logits<Type, heads>(rows, dims, queries + q * query_stride, query_stride, ahead, out + q * kRowBlock);
  });
}

template <typename Type>
void add_block_to_all(const uint8_t* const* rows, size_t dims, const float* weights, size_t count, LinesAhead& ahead, float* out, size_t out_stride) {
  for_each_group(count, [&]<size_t heads>(size_t q) MERGANSER_INLINE_LAMBDA {
    add_block<Type, heads>(rows, dims, weights + q * kRowBlock, ahead, out + q * out_stride, out_stride);
  });
}

// What is done with rows of one type.
struct OfType {
  size_t bytes;
  decltype(&logits_of_block<OfFloat32>) logits;
  decltype(&add_block_to_all<OfFloat32>) add;
};

OfType of_type(RowType type) {
  switch (type) {
    case RowType::float16: return {2, logits_of_block<OfFloat16>, add_block_to_all<OfFloat16>};
    case RowType::bfloat16: return {2, logits_of_block<OfBfloat16>, add_block_to_all<OfBfloat16>};
    case RowType::int8: return {1, logits_of_block<OfInt8>, add_block_to_all<OfInt8>};
    case RowType::float32: break;
  }
  return {4, logits_of_block<OfFloat32>, add_block_to_all<OfFloat32>};
}

// numbers[query × kRowBlock + row] times the rows' scales, if they have any.
void multiply(const RowsToAttend& rows, size_t from, const float* scales, size_t count, float* numbers) {
  if (!scales) return;
  alignas(64) float own[kRowBlock] = {};
  for (size_t i = 0; i < kRowBlock && from + i < rows.count; ++i) {
    const size_t at = rows.first + from + i;
    own[i] = scales[rows.list ? rows.list[at] : at];
  }
  for (size_t q = 0; q < count; ++q) product_of(Floats16::load(numbers + q * kRowBlock), Floats16::load(own)).store(numbers + q * kRowBlock);
}

// The variances' part of the logits, bias, and what is not seen.
void finish_logits(const RowsToAttend& rows, size_t from, size_t begin, size_t count, float* logits) {
  if (rows.variances.data) {
    const uint8_t* variances[kRowBlock];
    rows_of_block(rows, from, rows.variances, variances);
    LinesAhead none(variances, 0, 0);
    alignas(64) float spread[kQueriesAtATime * kRowBlock];
    of_type(rows.variances.type).logits(variances, rows.variances.dims, rows.squares + begin * rows.query_stride, rows.query_stride, count, none, spread);
    multiply(rows, from, rows.variance_scales, count, spread);
    for (size_t i = 0; i < count * kRowBlock; ++i) logits[i] += spread[i];
  }
  if (rows.log_counts) {
    const Floats16 counts = Floats16::load(rows.log_counts + rows.first + from);
    for (size_t q = 0; q < count; ++q) sum_of(Floats16::load(logits + q * kRowBlock), counts).store(logits + q * kRowBlock);
  }
  if (!rows.bias && !rows.limits && from + kRowBlock <= rows.count) return;
  for (size_t i = 0; i < kRowBlock; ++i) {
    const size_t at = rows.first + from + i;
    const bool there = from + i < rows.count;
    const size_t row = !there ? 0 : rows.list ? rows.list[at] : at;
    const float bias = there && rows.bias ? rows.bias[row * rows.bias_stride] * kLog2E : 0;
    for (size_t q = 0; q < count; ++q) {
      float& logit = logits[q * kRowBlock + i];
      logit += bias;
      if (!there || (rows.limits && row >= rows.limits[begin + q]) || logit < kUnseen) logit = kUnseen;
    }
  }
}

// Logits that are known, or products with the keys times the rows' scales.
void find_logits(const RowsToAttend& rows, const uint8_t* const* keys, size_t from, size_t begin, size_t count, LinesAhead& ahead, float* logits) {
  if (rows.logits) {
    for (size_t q = 0; q < count; ++q) {
      Floats16::load(rows.logits + (begin + q) * rows.logit_stride + rows.first + from).store(logits + q * kRowBlock);
    }
    return;
  }
  of_type(rows.keys.type).logits(keys, rows.keys.dims, rows.queries + begin * rows.query_stride, rows.query_stride, count, ahead, logits);
  multiply(rows, from, rows.scales, count, logits);
}

// both: keys and values of the next block are asked for together.
template <bool both>
void attend_blocks(const RowsToAttend& rows, const RowSet& first_read, const Running& running) {
  constexpr size_t kStep = both ? 2 : 1, kValues = both ? 1 : kRowBlock;
  const OfType of_first = of_type(first_read.type), of_values = of_type(rows.values.type);
  // Of the next block: first keys, then values, or a row of each in turns.
  const uint8_t *keys[kRowBlock], *values[kRowBlock], *next[2 * kRowBlock], *some[kRowBlock];
  const auto find_next = [&](size_t from) {
    rows_of_block(rows, from, first_read, some);
    for (size_t i = 0; i < kRowBlock; ++i) next[kStep * i] = some[i];
    rows_of_block(rows, from, rows.values, some);
    for (size_t i = 0; i < kRowBlock; ++i) next[kStep * i + kValues] = some[i];
  };
  const size_t blocks = (rows.count + kRowBlock - 1) / kRowBlock, places = rows.logits ? kPlacesAtOnce : 1;
  find_next(0);
  for (size_t block = 0; block < blocks; ++block) {
    const size_t from = kRowBlock * in_turns(block, blocks, places), then = kRowBlock * in_turns(block + 1 < blocks ? block + 1 : block, blocks, places);
    for (size_t i = 0; i < kRowBlock; ++i) keys[i] = next[kStep * i], values[i] = next[kStep * i + kValues];
    for (size_t i = rows.count - from; i < kRowBlock; ++i) values[i] = kNoValues;
    find_next(then);
    LinesAhead values_ahead(values, both || rows.logits ? 0 : kRowBlock, rows.values.dims * of_values.bytes);
    LinesAhead next_ahead(next, kStep * kRowBlock, first_read.dims * of_first.bytes);
    for (size_t begin = 0; begin < rows.query_count; begin += kQueriesAtATime) {
      const size_t count = rows.query_count - begin < kQueriesAtATime ? rows.query_count - begin : kQueriesAtATime;
      alignas(64) float logits[kQueriesAtATime * kRowBlock];
      find_logits(rows, keys, from, begin, count, both ? next_ahead : values_ahead, logits);
      finish_logits(rows, from, begin, count, logits);
      next_ahead.ask(14);
      for (size_t q = 0; q < count; ++q) soften(logits + q * kRowBlock, running, begin + q, rows.values.dims);
      multiply(rows, from, rows.value_scales, count, logits);
      of_values.add(values, rows.values.dims, logits, count, next_ahead, running.out + begin * running.out_stride, running.out_stride);
    }
  }
}

}  // namespace

void attend_rows(const RowsToAttend& rows, const Running& running) {
  if (rows.count == 0) return;
  // Without keys to be read, the values of the next block are asked for in their place.
  const RowSet& first_read = rows.logits ? rows.values : rows.keys;
  const size_t bytes = first_read.dims * of_type(first_read.type).bytes, value_bytes = rows.values.dims * of_type(rows.values.type).bytes;
  const bool near = !rows.logits && bytes == value_bytes && kRowBlock * (bytes + value_bytes) <= kNearBlock;
  (near ? attend_blocks<true> : attend_blocks<false>)(rows, first_read, running);
}

// count: a multiple of 16.
void add_shares(const float* logits, const float* hidden, const float* sizes, size_t count, float* weights, float* shares) {
  // Vectors that are summed up in single precision.
  constexpr size_t kSummed = 8 * 16;
  Floats16 most = Floats16::broadcast(kNothingSeen);
  for (size_t i = 0; i < count; i += 16) {
    const Floats16 shown = sum_of(Floats16::load(logits + i), Floats16::load(hidden + i));
    shown.store(weights + i);
    most.take_greater(shown);
  }
  const Floats16 greatest = Floats16::broadcast(most.greatest());
  double sum = 0;
  for (size_t from = 0; from < count; from += kSummed) {
    Floats16 sums = Floats16::broadcast(0);
    for (size_t i = from; i < count && i < from + kSummed; i += 16) {
      const Floats16 some = exp2_below(Floats16::load(weights + i), greatest);
      some.store(weights + i);
      add_products(sums, some, Floats16::load(sizes + i));
    }
    sum += static_cast<double>(total(sums));
  }
  if (sum == 0) return;
  const Floats16::Factor part = Floats16::factor(static_cast<float>(1 / sum));
  for (size_t i = 0; i < count; i += 16) {
    Floats16 share = Floats16::load(shares + i);
    share.add_product(part, Floats16::load(weights + i));
    share.store(shares + i);
  }
}

}  // namespace merganser::attention::MERGANSER_ISA_NS
