// What logits of tiles are made from, in the memory that attend_tiles is given. For kernels only (*.isa.cpp).
#pragma once
#include "merganser/attention/product_tile.hpp"
#include "merganser/attention/row_blocks.hpp"

namespace merganser::attention::MERGANSER_ISA_NS {

struct TileMemory {
  float *keys, *variances, *values, *queries;
};

MERGANSER_INLINE size_t tiles_of(const RowsToAttend& rows) { return (rows.query_count + kTileHeight - 1) / kTileHeight; }

}  // namespace merganser::attention::MERGANSER_ISA_NS
