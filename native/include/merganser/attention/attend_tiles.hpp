// Attention of many queries over the same rows: prefilling. Arithmetic is what it waits for.
//
// Blocks of 256 rows are widened and packed once for all queries (row_blocks.hpp): keys as panels of 16 (dimension by dimension, 16 keys side by side), values as panels of 16 columns. Logits and
// weighted sums are then the same product of a tile, some queries by two panels that stand side by side, all sums of which stay in registers (product_tile.hpp; see clustering/score_tile.hpp).
// Biases, numbers of keys and what is not seen are what the sums of logits begin with. Keys of one byte, with variances of one byte or none, are multiplied as such
// (byte_products.hpp).
#pragma once
#include "merganser/attention/attend_rows.hpp"

namespace merganser::attention {

// From so many queries on tiles are worth packing rows for.
constexpr size_t kTiledQueries = 8;
// Tiles are always full: there must be memory behind the last query and the last running sum for so many more, whose contents do not matter.
constexpr size_t kQueriesBehind = 11;
// For how many there must be room.
constexpr size_t with_queries_behind(size_t queries) { return queries < kTiledQueries ? queries : queries + kQueriesBehind; }

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* As attend_rows, without logits that are known. `memory`: room for tile_memory numbers. */ \
  void attend_tiles(const RowsToAttend& rows, const Running& running, float* memory); \
  /* As row_logits; room for a multiple of 32, and for kQueriesBehind more queries. */ \
  void tile_logits(const RowsToAttend& rows, float* out, size_t out_stride, float* memory); \
  size_t tile_memory(const RowsToAttend& rows); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::attention
