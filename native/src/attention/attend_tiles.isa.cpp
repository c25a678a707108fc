#include "merganser/attention/attend_tiles.hpp"

#include "merganser/attention/raise_greatest.hpp"
#include "merganser/attention/typed_rows.hpp"
#include "merganser/simd/floats16_exp2.hpp"
#include "merganser/simd/tile_rows.hpp"
#include "merganser/simd/transpose16.hpp"

namespace merganser::attention::MERGANSER_ISA_NS {
namespace {

using namespace simd::MERGANSER_ISA_NS;

constexpr size_t kTileHeight = kTileRows;
constexpr size_t kPanels = 4;
constexpr size_t kRows = 16 * kPanels;  // of a block
constexpr size_t kTilesAtATime = 8;
constexpr float kLog2E = 1.44269504f;

MERGANSER_INLINE size_t panels_of(size_t dims) { return (dims + 15) / 16; }

// Some rows by kCount panels.
template <size_t kCount>
struct Tile {
  Floats16 sums[kCount][kTileHeight];

  // The same for all rows.
  MERGANSER_INLINE void begin_with(const float* starts) {
#pragma GCC unroll 2
    for (size_t p = 0; p < kCount; ++p) {
      const Floats16 start = Floats16::load(starts + 16 * p);
#pragma GCC unroll 12
      for (size_t row = 0; row < kTileHeight; ++row) sums[p][row] = start;
    }
  }
  MERGANSER_INLINE void load(const float* from, size_t stride) {
#pragma GCC unroll 12
    for (size_t row = 0; row < kTileHeight; ++row) {
#pragma GCC unroll 2
      for (size_t p = 0; p < kCount; ++p) sums[p][row] = Floats16::load(from + row * stride + 16 * p);
    }
  }
  MERGANSER_INLINE void store(float* to, size_t stride) const {
#pragma GCC unroll 12
    for (size_t row = 0; row < kTileHeight; ++row) {
#pragma GCC unroll 2
      for (size_t p = 0; p < kCount; ++p) sums[p][row].store(to + row * stride + 16 * p);
    }
  }
  // sums += rows · panels, `steps` numbers of each row; panels are `apart` numbers from each other.
  MERGANSER_INLINE void add(TileRows rows, const float* panels, size_t apart, size_t steps) {
    // Four instructions a cycle are decoded: beside the multiply-adds there is room for few.
#pragma GCC unroll 4
    for (size_t i = 0; i < steps; ++i) {
      Floats16 numbers[kCount];
#pragma GCC unroll 2
      for (size_t p = 0; p < kCount; ++p) {
        numbers[p] = Floats16::load(panels + p * apart + 16 * i);
        numbers[p].keep_loaded();
      }
#pragma GCC unroll 12
      for (size_t row = 0; row < kTileHeight; ++row) {
        const Floats16::Factor factor = Floats16::factor(rows.at(row));
#pragma GCC unroll 2
        for (size_t p = 0; p < kCount; ++p) sums[p][row].add_product(factor, numbers[p]);
      }
      rows.next();
    }
  }
};

// Where the rows of a block are; those behind its end are the last one again.
struct Block {
  size_t first, count;  // among the rows to attend
  uint32_t rows[kRows];
};

void find_block(const RowsToAttend& rows, size_t from, Block& block) {
  block.first = from;
  block.count = rows.count - from < kRows ? rows.count - from : kRows;
  for (size_t i = 0; i < kRows; ++i) {
    const size_t at = rows.first + from + (i < block.count ? i : block.count - 1);
    block.rows[i] = rows.list ? rows.list[at] : static_cast<uint32_t>(at);
  }
}

// [panel][dimension][16 rows]
template <typename Type>
void pack_keys(const RowSet& set, const Block& block, const float* scales, float* to) {
  for (size_t panel = 0; panel < kPanels; ++panel) {
    const uint32_t* const rows = block.rows + 16 * panel;
    for (size_t dim = 0; dim < set.dims; dim += 16) {
      const size_t some = set.dims - dim < 16 ? set.dims - dim : 16;
      Floats16 numbers[16];
      for (size_t i = 0; i < 16; ++i) {
        const uint8_t* const from = set.data + set.stride * rows[i] + dim * Type::kBytes;
        numbers[i] = some == 16 ? Type::load(from) : load_some<Type>(from, some);
        if (scales) numbers[i] = product_of(numbers[i], Floats16::broadcast(scales[rows[i]]));
      }
      store_turned(numbers, some, to + (panel * set.dims + dim) * 16);
    }
  }
}

// [panel of columns][row][16 columns]
template <typename Type>
void pack_values(const RowSet& set, const Block& block, float* to) {
  for (size_t i = 0; i < kRows; ++i) {
    const uint8_t* const row = set.data + set.stride * block.rows[i];
    for (size_t dim = 0; dim < set.dims; dim += 16) {
      const uint8_t* const from = row + dim * Type::kBytes;
      (dim + 16 <= set.dims ? Type::load(from) : load_some<Type>(from, set.dims - dim)).store(to + (dim / 16 * kRows + i) * 16);
    }
  }
}

void pack_keys(const RowSet& set, const Block& block, const float* scales, float* to) {
  switch (set.type) {
    case RowType::float32: return pack_keys<OfFloat32>(set, block, scales, to);
    case RowType::float16: return pack_keys<OfFloat16>(set, block, scales, to);
    case RowType::bfloat16: return pack_keys<OfBfloat16>(set, block, scales, to);
    case RowType::int8: return pack_keys<OfInt8>(set, block, scales, to);
  }
}

void pack_values(const RowSet& set, const Block& block, float* to) {
  switch (set.type) {
    case RowType::float32: return pack_values<OfFloat32>(set, block, to);
    case RowType::float16: return pack_values<OfFloat16>(set, block, to);
    case RowType::bfloat16: return pack_values<OfBfloat16>(set, block, to);
    case RowType::int8: return;
  }
}

// What the sums of logits begin with.
void find_starts(const RowsToAttend& rows, const Block& block, float* starts) {
  for (size_t i = 0; i < kRows; ++i) {
    float start = i < block.count ? 0.f : kUnseen;
    if (i < block.count && rows.bias) start += rows.bias[block.rows[i] * rows.bias_stride] * kLog2E;
    if (i < block.count && rows.log_counts) start += rows.log_counts[rows.first + block.first + i];
    starts[i] = start < kUnseen ? kUnseen : start;
  }
}

// Asks for the lines of the block after a block, some at a time.
class NextBlock {
 public:
  // In about `steps` steps.
  MERGANSER_INLINE NextBlock(const RowsToAttend& rows, size_t from, size_t steps) : rows_(rows), from_(from), each_((kRows + steps - 1) / steps) {}
  MERGANSER_INLINE void ask() {
    for (size_t i = 0; i < each_ && next_ < kRows && from_ + next_ < rows_.count; ++i, ++next_) {
      const size_t at = rows_.first + from_ + next_, row = rows_.list ? rows_.list[at] : at;
      ask_row(rows_.keys, row);
      ask_row(rows_.values, row);
    }
  }

 private:
  MERGANSER_INLINE static void ask_row(const RowSet& set, size_t row) {
    const size_t bytes = set.dims * (set.type == RowType::float32 ? 4 : set.type == RowType::int8 ? 1 : 2);
    for (size_t at = 0; at < bytes; at += 64) expect_line_later(reinterpret_cast<const float*>(set.data + set.stride * row + at));
  }
  const RowsToAttend& rows_;
  const size_t from_, each_;
  size_t next_ = 0;
};

struct PackedKeys {
  const float* keys;
  const float* variances;  // null: none
  const float* starts;
};

// Queries of some tiles, for which panels stay in the first-level cache.
struct TileGroup {
  size_t count = 0;
  size_t queries[kTilesAtATime] = {};  // the first of each tile
};

// out[tile][query · kRows + row]
void logits_of_tiles(const RowsToAttend& rows, const PackedKeys& packed, const TileGroup& tiles, float* out) {
  const size_t dims = rows.keys.dims;
  for (size_t panel = 0; panel < kPanels; panel += kTilePanels) {
    for (size_t t = 0; t < tiles.count; ++t) {
      const size_t query = tiles.queries[t] * rows.query_stride;
      Tile<kTilePanels> tile;
      tile.begin_with(packed.starts + 16 * panel);
      tile.add(TileRows(rows.queries + query, rows.query_stride), packed.keys + panel * dims * 16, dims * 16, dims);
      if (packed.variances) tile.add(TileRows(rows.squares + query, rows.query_stride), packed.variances + panel * dims * 16, dims * 16, dims);
      tile.store(out + t * kTileHeight * kRows + 16 * panel, kRows);
    }
  }
}

// Logits of rows that a query does not see.
void hide(const Block& block, uint32_t limit, float* logits) {
  for (size_t i = 0; i < kRows; ++i) logits[i] = block.rows[i] >= limit ? kUnseen : logits[i];
}

float greatest_of(const float* logits) {
  Floats16 most = Floats16::load(logits);
#pragma GCC unroll 4
  for (size_t i = 16; i < kRows; i += 16) most.take_greater(Floats16::load(logits + i));
  return most.greatest();
}

// From logits of a tile's queries to weights, relative to the greatest so far, which may rise. In three steps, each of which is the same for queries that do not wait for each other.
void soften(float* logits, size_t count, const Running& running, size_t query, size_t value_panels) {
  float most[kTileHeight];
  for (size_t q = 0; q < count; ++q) most[q] = greatest_of(logits + q * kRows);
  for (size_t q = 0; q < count; ++q) {
    if (most[q] > running.greatest[query + q]) raise_greatest(running, query + q, most[q], 16 * value_panels);
  }
  for (size_t q = 0; q < count; ++q) {
    const Floats16 reference = Floats16::broadcast(running.greatest[query + q]);
    Floats16 sums = Floats16::broadcast(0);
#pragma GCC unroll 4
    for (size_t i = 0; i < kRows; i += 16) {
      const Floats16 weights = exp2_below(Floats16::load(logits + q * kRows + i), reference);
      weights.store(logits + q * kRows + i);
      sums = sum_of(sums, weights);
    }
    running.sums[query + q] += total(sums);
  }
}

template <size_t kCount>
void add_panels(const float* weights, const TileGroup& tiles, const float* values, const Running& running, size_t panel) {
  for (size_t t = 0; t < tiles.count; ++t) {
    float* const out = running.out + tiles.queries[t] * running.out_stride + 16 * panel;
    Tile<kCount> tile;
    tile.load(out, running.out_stride);
    tile.add(TileRows(weights + t * kTileHeight * kRows, kRows), values + panel * kRows * 16, kRows * 16, kRows);
    tile.store(out, running.out_stride);
  }
}

void add_values(const float* weights, const TileGroup& tiles, const float* values, size_t value_panels, const Running& running) {
  size_t panel = 0;
  for (; panel + kTilePanels <= value_panels; panel += kTilePanels) add_panels<kTilePanels>(weights, tiles, values, running, panel);
  if (panel < value_panels) add_panels<1>(weights, tiles, values, running, panel);
}

size_t queries_of_tile(const RowsToAttend& rows, size_t query) { return rows.query_count - query < kTileHeight ? rows.query_count - query : kTileHeight; }

uint32_t greatest_limit(const uint32_t* limits, size_t count) {
  uint32_t most = 0;
  for (size_t i = 0; i < count; ++i) most = limits[i] > most ? limits[i] : most;
  return most;
}

struct TileMemory {
  float *keys, *variances, *values;
};

// From a multiple of 64 bytes on.
TileMemory divided(const RowsToAttend& rows, float* memory) {
  memory += (64 - reinterpret_cast<uintptr_t>(memory) % 64) % 64 / sizeof(float);
  float* const variances = memory + rows.keys.dims * kRows;
  return {memory, variances, variances + (rows.variances.data ? rows.keys.dims * kRows : 0)};
}

}  // namespace

size_t tile_memory(size_t key_dims, size_t value_dims, bool with_variances) {
  return 16 + kRows * (key_dims * (with_variances ? 2 : 1) + 16 * panels_of(value_dims));
}

void attend_tiles(const RowsToAttend& rows, const Running& running, float* memory) {
  const TileMemory packed = divided(rows, memory);
  const size_t value_panels = panels_of(rows.values.dims);
  alignas(64) float starts[kRows], weights[kTilesAtATime * kTileHeight * kRows];
  Block block;
  for (size_t from = 0; from < rows.count; from += kRows) {
    find_block(rows, from, block);
    pack_keys(rows.keys, block, rows.scales, packed.keys);
    if (rows.variances.data) pack_keys(rows.variances, block, nullptr, packed.variances);
    pack_values(rows.values, block, packed.values);
    find_starts(rows, block, starts);
    const PackedKeys keys{packed.keys, rows.variances.data ? packed.variances : nullptr, starts};
    NextBlock next(rows, from + kRows, (rows.query_count + kTileHeight - 1) / kTileHeight);
    for (size_t query = 0; query < rows.query_count;) {
      TileGroup tiles;
      for (; query < rows.query_count && tiles.count < kTilesAtATime; query += kTileHeight) {
        next.ask();
        const size_t count = queries_of_tile(rows, query);
        if (rows.limits && !rows.list && greatest_limit(rows.limits + query, count) <= block.rows[0]) continue;
        tiles.queries[tiles.count++] = query;
      }
      logits_of_tiles(rows, keys, tiles, weights);
      for (size_t t = 0; t < tiles.count; ++t) {
        const size_t first = tiles.queries[t], count = queries_of_tile(rows, first);
        float* const own = weights + t * kTileHeight * kRows;
        for (size_t q = 0; q < count && rows.limits; ++q) {
          if (rows.list || rows.limits[first + q] <= block.rows[kRows - 1]) hide(block, rows.limits[first + q], own + q * kRows);
        }
        soften(own, count, running, first, value_panels);
      }
      add_values(weights, tiles, packed.values, value_panels, running);
    }
  }
}

void tile_logits(const RowsToAttend& rows, float* out, size_t out_stride, float* memory) {
  const TileMemory packed = divided(rows, memory);
  alignas(64) float starts[kRows] = {}, logits[kTilesAtATime * kTileHeight * kRows];
  Block block;
  for (size_t from = 0; from < rows.count; from += kRows) {
    find_block(rows, from, block);
    pack_keys(rows.keys, block, rows.scales, packed.keys);
    const size_t filled = (block.count + 15) / 16 * 16;
    for (size_t query = 0; query < rows.query_count;) {
      TileGroup tiles;
      for (; query < rows.query_count && tiles.count < kTilesAtATime; query += kTileHeight) tiles.queries[tiles.count++] = query;
      logits_of_tiles(rows, {packed.keys, nullptr, starts}, tiles, logits);
      for (size_t q = tiles.queries[0]; q < query && q < rows.query_count; ++q) {
        const float* const own = logits + (q - tiles.queries[0]) * kRows;
        for (size_t i = 0; i < filled; i += 16) Floats16::load(own + i).store(out + q * out_stride + from + i);
      }
    }
  }
}

}  // namespace merganser::attention::MERGANSER_ISA_NS
