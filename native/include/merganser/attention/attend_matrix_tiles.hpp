// Attention of many queries over rows of bfloat16, by the processor's matrix tiles (AMX): the same as attend_tiles, and several times as fast.
//
// The tiles multiply numbers of bfloat16 and add them up in single precision. Keys and values are such numbers. Where queries came as bfloat16, the tiles take them as they came (what they are to be
// multiplied with comes behind the product, so logits are those of single precision), and weights are rounded to bfloat16 for the second product, as FlashAttention does; the sums that outputs are divided
// by are those of the weights as they were. Other queries are split into three numbers of bfloat16 whose sum they are, and weights into two, which are within 2⁻¹⁵ of them: so outputs are about those of single
// precision.
//
// Rows of one byte, what stands for clusters that are not attended to, are numbers of bfloat16 as well. Queries and their squares are split into two for them; what keys and variances are multiplied
// with comes behind the products, and that of values goes into the weights: tiles take what is denormal for 0, so estimates of values below 10⁻³⁰ lose digits.
//
// A tile of 32 queries meets a block of 256 rows: logits (32 queries by 32 rows at a time, in four sums of 16 × 16), exponentials, weights as bfloat16, and weighted sums of 32 columns at a time. While
// one tile's logits become weights, the next one's logits and the weighted sums of the one before are made, a step of 32 × 32 × 32 products at a time (Products). Queries and weights are 16 rows of 32
// numbers, one after the other; keys are pairs of dimensions of 16 rows, and values pairs of rows of 16 columns, as the second factor of a product wants them: a row goes with the sixteenth behind it, so
// that two vectors of weights become pairs without numbers that change lanes.
#pragma once
#include "merganser/attention/attend_rows.hpp"

namespace merganser::attention {

// As kQueriesBehind, for queries and running sums.
constexpr size_t kMatrixQueriesBehind = 31;

// Whether such rows are multiplied by matrix tiles where has_matrix_tiles().
constexpr bool fit_matrix_tiles(RowType keys, RowType values) { return keys == values && (keys == RowType::bfloat16 || keys == RowType::int8); }
inline bool fit_matrix_tiles(const RowsToAttend& rows) {
  const bool bytes = rows.keys.type == RowType::int8;
  return fit_matrix_tiles(rows.keys.type, rows.values.type) && !rows.logits && !(bytes && rows.limits) && (!rows.variances.data || (bytes && rows.variances.type == RowType::int8));
}

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* As attend_tiles, of rows that fit; `memory`: room for matrix_tile_memory numbers. Variants for other processors than has_matrix_tiles() speaks of are attend_tiles. */ \
  void attend_matrix_tiles(const RowsToAttend& rows, const Running& running, float* memory); \
  size_t matrix_tile_memory(const RowsToAttend& rows); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::attention
