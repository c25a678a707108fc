// Rows as attend_tiles multiplies them: blocks, whose keys are packed as panels of 16 rows and whose values as panels of 16 columns.
#pragma once
#include "merganser/attention/attend_rows.hpp"

namespace merganser::attention {

constexpr size_t kBlockRows = 256;

// Where the rows of a block are; those behind its end are the last one again.
struct Block {
  size_t first, count;  // among the rows to attend
  size_t panels;        // that are packed: whole tiles
  uint32_t rows[kBlockRows];
};

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* The block of the `from`-th of these rows and those behind it. */ \
  void find_block(const RowsToAttend& rows, size_t from, Block& block); \
  /* Panels of 16 rows, dimension by dimension, as product_tile.hpp takes them, times the rows' scales unless these are null. */ \
  void pack_keys(const RowSet& set, const Block& block, const float* scales, float* to); \
  /* Rows of bytes as they are: panels of byte_panels.hpp. */ \
  void pack_bytes(const RowSet& set, const Block& block, int8_t* to); \
  /* Panels of 16 columns, row by row, as pack_keys. */ \
  void pack_values(const RowSet& set, const Block& block, const float* scales, float* to); \
  /* What the sums of kBlockRows logits begin with. */ \
  void find_starts(const RowsToAttend& rows, const Block& block, float* starts); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::attention
