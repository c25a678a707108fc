#include "merganser/attention/attend_tiles.hpp"

#include "merganser/attention/byte_logits.hpp"
#include "merganser/attention/float_logits.hpp"
#include "merganser/attention/next_block.hpp"
#include "merganser/attention/raise_greatest.hpp"

namespace merganser::attention::MERGANSER_ISA_NS {
namespace {

using namespace simd::MERGANSER_ISA_NS;

// Logits of rows that a query does not see.
void hide(const Block& block, uint32_t limit, size_t count, float* logits) {
  for (size_t i = 0; i < count; ++i) logits[i] = block.rows[i] >= limit ? kUnseen : logits[i];
}

Floats16 greatest_of(const float* logits, size_t count) {
  Floats16 most = Floats16::load(logits);
  for (size_t i = 16; i < count; i += 16) most.take_greater(Floats16::load(logits + i));
  return most;
}

// From `count` logits of each of a tile's queries, the greatest of which are `most`, to weights, relative to the greatest so far, which may rise.
void soften(float* logits, size_t count, const Floats16* most, size_t queries, const Running& running, size_t query, size_t value_panels) {
  for (size_t q = 0; q < queries; ++q) {
    const float greatest = most[q].greatest();
    if (greatest > running.greatest[query + q]) raise_greatest(running, query + q, greatest, 16 * value_panels);
  }
  for (size_t q = 0; q < queries; q += 2) {
    // Two at a time; behind the last one is room, and what comes of it is not used.
    const size_t other = q + 1 < queries ? q + 1 : q;
    const Floats16 reference[2] = {Floats16::broadcast(running.greatest[query + q]), Floats16::broadcast(running.greatest[query + other])};
    Floats16 sums[2] = {Floats16::broadcast(0), Floats16::broadcast(0)};
    for (size_t i = 0; i < count; i += 16 * kTilePanels) {
      Floats16 weights[2][kTilePanels];
      float* const at[2] = {logits + q * kBlockRows + i, logits + (q + 1) * kBlockRows + i};
#pragma GCC unroll 2
      for (size_t j = 0; j < 2; ++j) {
#pragma GCC unroll 2
        for (size_t p = 0; p < kTilePanels; ++p) weights[j][p] = Floats16::load(at[j] + 16 * p);
      }
      exp2_below_each<kTilePanels>(weights, reference);
#pragma GCC unroll 2
      for (size_t j = 0; j < 2; ++j) {
#pragma GCC unroll 2
        for (size_t p = 0; p < kTilePanels; ++p) {
          weights[j][p].store(at[j] + 16 * p);
          sums[j] = sum_of(sums[j], weights[j][p]);
        }
      }
    }
    running.sums[query + q] += total(sums[0]);
    if (other > q) running.sums[query + other] += total(sums[1]);
  }
}

template <size_t kCount>
MERGANSER_INLINE void add_panels(const float* weights, size_t count, const float* values, float* out, size_t out_stride) {
  Tile<kCount> tile;
  tile.load(out, out_stride);
  tile.add(TileRows(weights, kBlockRows), values, count);
  tile.store(out, out_stride);
}

// Weighted sums of the first `count` rows.
void add_values(const float* weights, size_t count, const float* values, size_t value_panels, float* out, size_t out_stride) {
  size_t panel = 0;
  for (; panel + kTilePanels <= value_panels; panel += kTilePanels) add_panels<kTilePanels>(weights, count, values + panel_start(panel, kBlockRows), out + 16 * panel, out_stride);
  if (panel < value_panels) add_panels<1>(weights, count, values + panel_start(panel, kBlockRows), out + 16 * panel, out_stride);
}

size_t queries_of_tile(const RowsToAttend& rows, size_t query) { return rows.query_count - query < kTileHeight ? rows.query_count - query : kTileHeight; }

uint32_t greatest_limit(const uint32_t* limits, size_t count) {
  uint32_t most = 0;
  for (size_t i = 0; i < count; ++i) most = limits[i] > most ? limits[i] : most;
  return most;
}

// How many of a block's rows some of a tile's queries see.
size_t rows_of_tile(const RowsToAttend& rows, const Block& block, size_t query, size_t count) {
  if (!rows.limits || rows.list) return block.count;
  const uint32_t limit = greatest_limit(rows.limits + query, count);
  if (limit <= block.rows[0]) return 0;
  return limit - block.rows[0] < block.count ? limit - block.rows[0] : block.count;
}

// From a multiple of 64 bytes on.
TileMemory divided(const RowsToAttend& rows, float* memory) {
  memory += (64 - reinterpret_cast<uintptr_t>(memory) % 64) % 64 / sizeof(float);
  const size_t keys = rows.keys.dims * kBlockRows;
  float *const variances = memory + keys, *const values = variances + (rows.variances.data ? keys : 0);
  return {memory, variances, values, values + 16 * whole_tiles(rows.values.dims) * kBlockRows};
}

}  // namespace

size_t tile_memory(const RowsToAttend& rows) {
  return 16 + kBlockRows * (rows.keys.dims * (rows.variances.data ? 2 : 1) + 16 * whole_tiles(rows.values.dims)) +
         (are_bytes(rows) && ByteLogits::memory(rows) > FloatLogits::memory(rows) ? ByteLogits::memory(rows) : FloatLogits::memory(rows));
}

namespace {

template <typename Logits>
void attend_tiles_by(const RowsToAttend& rows, const Running& running, const TileMemory& memory) {
  const size_t value_panels = panels_of(rows.values.dims);
  alignas(64) float starts[kBlockRows], weights[kTileHeight * kBlockRows];
  Block block;
  Logits logits(rows, memory);
  for (size_t from = 0; from < rows.count; from += kBlockRows) {
    find_block(rows, from, block);
    logits.pack(block, memory);
    pack_values(rows.values, block, rows.value_scales, memory.values);
    find_starts(rows, block, starts);
    NextBlock next(rows, from + kBlockRows, tiles_of(rows));
    for (size_t query = 0; query < rows.query_count; query += kTileHeight) {
      next.ask();
      const size_t count = queries_of_tile(rows, query), seen = rows_of_tile(rows, block, query, count);
      if (seen == 0) continue;
      const size_t panels = whole_tiles(seen);
      Floats16 most[kTileHeight];
      logits.find(query, panels, starts, weights, kBlockRows, most);
      for (size_t q = 0; q < count && rows.limits; ++q) {
        if (!rows.list && rows.limits[query + q] >= block.rows[0] + 16 * panels) continue;
        hide(block, rows.limits[query + q], 16 * panels, weights + q * kBlockRows);
        most[q] = greatest_of(weights + q * kBlockRows, 16 * panels);
      }
      soften(weights, 16 * panels, most, count, running, query, value_panels);
      add_values(weights, seen, memory.values, value_panels, running.out + query * running.out_stride, running.out_stride);
    }
  }
}

}  // namespace

void attend_tiles(const RowsToAttend& rows, const Running& running, float* memory) {
  const TileMemory divisions = divided(rows, memory);
  if (are_bytes(rows)) attend_tiles_by<ByteLogits>(rows, running, divisions);
  else attend_tiles_by<FloatLogits>(rows, running, divisions);
}

void tile_logits(const RowsToAttend& rows, float* out, size_t out_stride, float* memory) {
  const TileMemory packed = divided(rows, memory);
  alignas(64) float starts[kBlockRows] = {};
  Block block;
  FloatLogits logits(rows, packed);
  Floats16 most[kTileHeight];
  for (size_t from = 0; from < rows.count; from += kBlockRows) {
    find_block(rows, from, block);
    logits.pack(block, packed);
    for (size_t query = 0; query < rows.query_count; query += kTileHeight) {
      logits.find(query, block.panels, starts, out + query * out_stride + from, out_stride, most);
    }
  }
}

}  // namespace merganser::attention::MERGANSER_ISA_NS
