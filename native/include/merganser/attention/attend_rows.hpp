// Attention of few queries over many rows: decoding. Memory is what it waits for.
//
// Every row of keys and values is read once, where it lies, for all queries that share it, widened in registers. Blocks of 16 rows: their logits first,
// then one step of the running softmax for each query, then the weighted sum of the values. Meanwhile keys and values of the next block are asked for; where two blocks
// would not fit into the first cache, the block's own values while its logits are computed, and then the next one's keys. The requests run over whole rows in the order of
// addresses, evenly spread over the arithmetic: in the order of use, strips of columns, they cost a third of the bandwidth.
//
// Logits are in units of log 2, so that weights are powers of two.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/simd/instruction_set.hpp"

namespace merganser::attention {

enum class RowType : uint8_t { float32, float16, bfloat16, int8 };

constexpr size_t kRowBlock = 16;
constexpr size_t kMaxDims = 256;
// Logits of what is not seen, and what the greatest is before there was any: 2^(the first − the second) is 0.
constexpr float kUnseen = -3e38f;
constexpr float kNothingSeen = -1e38f;

// Vectors, `stride` bytes apart.
struct RowSet {
  const uint8_t* data;
  size_t stride;
  RowType type;
  size_t dims;
};

// What is known so far of queries: greatest logits, sums of weights, weighted sums of values (`out_stride` apart: a multiple of 16 with room for a value).
struct Running {
  float* greatest;
  float* sums;
  float* out;
  size_t out_stride;
};

// Queries are `query_stride` numbers apart, a multiple of 16, with zeros behind the dimensions.
struct RowsToAttend {
  RowSet keys;
  RowSet values;
  RowSet variances;      // data null: none
  // Per row, of int8 ones: what products with keys and variances, and values, are multiplied with; null: 1.
  const float *scales, *variance_scales, *value_scales;
  const float* bias;     // natural logarithms, `bias_stride` apart, added to logits; null: 0
  size_t bias_stride;
  const float* logits;   // [query · logit_stride + row]: known, keys are not read; null: not
  size_t logit_stride;   // room for a multiple of 16, as in log_counts
  const float* log_counts;  // per row, log₂ of the keys that it stands for; kUnseen: it is not seen. null: 0
  const uint32_t* list;  // rows list[first] … list[first + count − 1]; null: rows first … first + count − 1
  size_t first;
  size_t count;
  const float* queries;  // times scale · log₂ e
  const float* squares;  // ½ (query · scale)² · log₂ e, for the variances
  size_t query_stride;
  size_t query_count;
  const uint16_t* plain;   // the queries as they came, if that was bfloat16: a multiple of 32 apart, with zeros behind the dimensions; null: it was not, or nobody asked
  float query_factor;      // scale · log₂ e
  const uint32_t* limits;  // per query: rows from this one on are not seen; null: all are
};

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  void attend_rows(const RowsToAttend& rows, const Running& running); \
  /* out[query · out_stride + i] = logit of the i-th row, without bias. Rows lie one after the other. Writes up to a multiple of 16. */ \
  void row_logits(const RowsToAttend& rows, float* out, size_t out_stride); \
  /* shares[i] += 2^logit / Σ sizes[j] 2^logit[j]: what goes to each key of a cluster. hidden: 0, or kUnseen for what does not count. weights: room. */ \
  void add_shares(const float* logits, const float* hidden, const float* sizes, size_t count, float* weights, float* shares); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::attention
