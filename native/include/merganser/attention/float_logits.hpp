// Logits of tiles of queries with rows of a block, as products of single precision. For kernels only (*.isa.cpp).
#pragma once
#include "merganser/attention/tile_memory.hpp"
#include "merganser/simd/transpose16.hpp"

namespace merganser::attention::MERGANSER_ISA_NS {

// Behind the last number of packed queries as many may be written to as a vector has more than a tile rows.
constexpr size_t kBehindQueries = 16;
MERGANSER_INLINE size_t memory_of_queries(const RowsToAttend& rows) { return tiles_of(rows) * kTileHeight * rows.keys.dims + kBehindQueries; }

// Queries of all tiles, [tile][dimension][query]. What one step of a tile leaves behind its queries the next one overwrites.
MERGANSER_INLINE void pack_queries(const RowsToAttend& rows, const float* queries, float* to) {
  const size_t dims = rows.keys.dims;
  for (size_t tile = 0; tile < tiles_of(rows); ++tile) {
    const float* const first = queries + tile * kTileHeight * rows.query_stride;
    if constexpr (kTileHeight < 8) {
      for (size_t dim = 0; dim < dims; ++dim) {
        for (size_t q = 0; q < kTileHeight; ++q) to[(tile * dims + dim) * kTileHeight + q] = first[q * rows.query_stride + dim];
      }
      continue;
    }
    for (size_t dim = 0; dim < dims; dim += 16) {
      Floats16 numbers[16];
      for (size_t q = 0; q < 16; ++q) numbers[q] = Floats16::load(first + (q < kTileHeight ? q : 0) * rows.query_stride + dim);
      store_turned(numbers, dims - dim < 16 ? dims - dim : 16, to + (tile * dims + dim) * kTileHeight, kTileHeight);
    }
  }
}

// The logits of rows that are multiplied in single precision.
class FloatLogits {
 public:
  // Room for the queries, and for their squares.
  static size_t memory(const RowsToAttend& rows) { return (rows.variances.data ? 2 : 1) * memory_of_queries(rows); }
  FloatLogits(const RowsToAttend& rows, const TileMemory& memory)
      : rows_(rows), queries_(memory.queries), squares_(rows.variances.data ? memory.queries + memory_of_queries(rows) : nullptr), keys_(memory.keys), variances_(memory.variances) {
    pack_queries(rows, rows.queries, memory.queries);
    if (rows.variances.data) pack_queries(rows, rows.squares, memory.queries + memory_of_queries(rows));
  }
  void pack(const Block& block, const TileMemory& memory) {
    pack_keys(rows_.keys, block, rows_.scales, memory.keys);
    if (rows_.variances.data) pack_keys(rows_.variances, block, rows_.variance_scales, memory.variances);
  }
  // out[query · stride + row] for the queries of a tile and the rows of some panels; `most`: the greatest of each query, lane by lane.
  void find(size_t query, size_t panels, const float* starts, float* out, size_t stride, Floats16* most) const {
    const size_t dims = rows_.keys.dims, at = query * dims;
    for (size_t q = 0; q < kTileHeight; ++q) most[q] = Floats16::broadcast(kNothingSeen);
    for (size_t panel = 0; panel < panels; panel += kTilePanels) {
      Tile<kTilePanels> tile;
      tile.begin_with(starts + 16 * panel);
      tile.add(PackedRows(queries_ + at), keys_ + panel_start(panel, dims), dims);
      if (squares_) tile.add(PackedRows(squares_ + at), variances_ + panel_start(panel, dims), dims);
      tile.store(out + 16 * panel, stride);
      tile.raise(most);
    }
  }

 private:
  const RowsToAttend& rows_;
  const float *queries_, *squares_;  // null: no variances
  const float *keys_, *variances_;
};

}  // namespace merganser::attention::MERGANSER_ISA_NS
