// Attention of many queries over rows of bfloat16, by the processor's matrix tiles (AMX): the same as attend_tiles, and several times as fast.
//
// The tiles multiply numbers of bfloat16 and add them up in single precision. Keys and values are such numbers. Queries are, too, where they came as bfloat16: then the tiles take them as they
// came, and what they are to be multiplied with comes behind the product. Otherwise a query is split into three numbers of bfloat16 whose sum it is, and a product is three. Weights are split
// into two, which are within 2⁻¹⁷ of them: so outputs are those of single precision, whatever the logits are (docs/performance-attention.md has what rounding weights to one number would save).
//
// A tile of 32 queries meets a block of 256 rows: logits (32 queries by 32 rows at a time, in four sums of 16 × 16), exponentials, weights as bfloat16, and weighted sums of 32 columns at a time.
// Queries, weights are 16 rows of 32 numbers, one after the other; keys are pairs of dimensions of 16 rows, and values pairs of rows of 16 columns, as the second factor of a product wants them.
#pragma once
#include "merganser/attention/attend_rows.hpp"

namespace merganser::attention {

// As kQueriesBehind, for queries and running sums.
constexpr size_t kMatrixQueriesBehind = 31;

// Whether such rows are multiplied by matrix tiles where has_matrix_tiles().
constexpr bool fit_matrix_tiles(RowType keys, RowType values) { return keys == RowType::bfloat16 && values == RowType::bfloat16; }
inline bool fit_matrix_tiles(const RowsToAttend& rows) { return fit_matrix_tiles(rows.keys.type, rows.values.type) && !rows.variances.data && !rows.logits; }

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* As attend_tiles, of rows that fit; `memory`: room for matrix_tile_memory numbers. Variants for other processors than has_matrix_tiles() speaks of are attend_tiles. */ \
  void attend_matrix_tiles(const RowsToAttend& rows, const Running& running, float* memory); \
  size_t matrix_tile_memory(const RowsToAttend& rows); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::attention
