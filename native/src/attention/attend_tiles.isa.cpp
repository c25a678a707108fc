#include "merganser/attention/attend_tiles.hpp"

#include "merganser/attention/byte_products.hpp"
#include "merganser/attention/product_tile.hpp"
#include "merganser/attention/raise_greatest.hpp"
#include "merganser/attention/row_blocks.hpp"
#include "merganser/simd/floats16_exp2.hpp"

namespace merganser::attention::MERGANSER_ISA_NS {
namespace {

using namespace simd::MERGANSER_ISA_NS;

// Asks for the lines of the block after a block, some at a time.
class NextBlock {
 public:
  // In about `steps` steps.
  MERGANSER_INLINE NextBlock(const RowsToAttend& rows, size_t from, size_t steps) : rows_(rows), from_(from), each_((kBlockRows + steps - 1) / steps) {}
  MERGANSER_INLINE void ask() {
    for (size_t i = 0; i < each_ && next_ < kBlockRows && from_ + next_ < rows_.count; ++i, ++next_) {
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

struct TileMemory {
  float *keys, *variances, *values, *queries;
};

struct PackedKeys {
  const float* keys;
  const float* variances;  // null: none
  const float* starts;
};

// Rows of a block that are multiplied as bytes.
struct PackedBytes {
  const int8_t* numbers;
  float scales[kBlockRows];
};

bool are_bytes(const RowsToAttend& rows) { return rows.keys.type == RowType::int8 && (!rows.variances.data || rows.variances.type == RowType::int8); }

size_t tiles_of(const RowsToAttend& rows) { return (rows.query_count + kTileHeight - 1) / kTileHeight; }

// Queries of all tiles as whole numbers, [tile][pair][query], with a scale each.
class WholeQueries {
 public:
  static size_t memory(const RowsToAttend& rows) { return tiles_of(rows) * kTileHeight * (1 + pairs_of(rows.keys.dims)); }
  WholeQueries() = default;
  WholeQueries(const RowsToAttend& rows, const float* queries, float* memory)
      : pairs_(pairs_of(rows.keys.dims)), scales_(memory), numbers_(reinterpret_cast<int32_t*>(memory + tiles_of(rows) * kTileHeight)) {
    for (size_t tile = 0; tile < tiles_of(rows); ++tile) {
      // Behind the last query is room for those of its tile.
      for (size_t q = 0; q < kTileHeight; ++q) {
        const size_t query = tile * kTileHeight + q;
        scales_[query] = to_whole(queries + query * rows.query_stride, pairs_, kTileHeight, numbers_ + tile * kTileHeight * pairs_ + q);
      }
    }
  }
  size_t pairs() const { return pairs_; }
  const float* scales(size_t query) const { return scales_ + query; }
  const int32_t* numbers(size_t query) const { return numbers_ + query * pairs_; }

 private:
  size_t pairs_ = 0;
  float* scales_ = nullptr;
  int32_t* numbers_ = nullptr;
};

// out[query · stride + row] = start of the row, or what is there if that is null, + logit.
template <bool vnni>
void add_byte_logits(const PackedBytes& bytes, const WholeQueries& queries, size_t query, size_t panels, const float* starts, float* out, size_t stride) {
  const size_t pairs = queries.pairs();
  for (size_t panel = 0; panel < panels; panel += kTilePanels) {
    Sums16 sums[kTilePanels][kTileHeight];
#pragma GCC unroll 2
    for (size_t p = 0; p < kTilePanels; ++p) {
#pragma GCC unroll 12
      for (size_t q = 0; q < kTileHeight; ++q) sums[p][q] = Sums16::zero();
    }
    const int32_t* factors = queries.numbers(query);
    const int8_t* numbers = bytes.numbers + panel * pairs * kPairBytes;
    for (size_t i = 0; i < pairs; ++i, factors += kTileHeight, numbers += kPairBytes) {
      Sums16::Numbers some[kTilePanels];
#pragma GCC unroll 2
      for (size_t p = 0; p < kTilePanels; ++p) some[p] = Sums16::load(numbers + p * pairs * kPairBytes);
#pragma GCC unroll 12
      for (size_t q = 0; q < kTileHeight; ++q) {
#pragma GCC unroll 2
        for (size_t p = 0; p < kTilePanels; ++p) sums[p][q].template add<vnni>(factors + q, some[p]);
      }
    }
#pragma GCC unroll 2
    for (size_t p = 0; p < kTilePanels; ++p) {
      const size_t at = 16 * (panel + p);
      const Floats16 scales = Floats16::load(bytes.scales + at);
#pragma GCC unroll 12
      for (size_t q = 0; q < kTileHeight; ++q) {
        Floats16 logits = Floats16::load(starts ? starts + at : out + q * stride + at);
        logits.add_product(Floats16::factor(queries.scales(query)[q]), product_of(sums[p][q].floats(), scales));
        logits.store(out + q * stride + at);
      }
    }
  }
}

// The logits of rows of bytes.
class ByteLogits {
 public:
  // Room for the queries, and for those of variances.
  static size_t memory(const RowsToAttend& rows) { return are_bytes(rows) ? (rows.variances.data ? 2 : 1) * WholeQueries::memory(rows) : 0; }
  ByteLogits(const RowsToAttend& rows, float* memory)
      : rows_(rows), add_(has_vnni() ? add_byte_logits<true> : add_byte_logits<false>), queries_(rows, rows.queries, memory) {
    if (rows.variances.data) squares_ = WholeQueries(rows, rows.squares, memory + WholeQueries::memory(rows));
  }

  void pack(const Block& block, const TileMemory& memory) {
    pack(rows_.keys, block, rows_.scales, memory.keys, keys_);
    if (rows_.variances.data) pack(rows_.variances, block, rows_.variance_scales, memory.variances, variances_);
  }
  void find(size_t query, size_t panels, const float* starts, float* out, size_t stride) const {
    add_(keys_, queries_, query, panels, starts, out, stride);
    if (rows_.variances.data) add_(variances_, squares_, query, panels, nullptr, out, stride);
  }

 private:
  static void pack(const RowSet& set, const Block& block, const float* scales, float* memory, PackedBytes& to) {
    auto* const numbers = reinterpret_cast<int8_t*>(memory);
    pack_bytes(set, block, numbers);
    to.numbers = numbers;
    for (size_t i = 0; i < kBlockRows; ++i) to.scales[i] = scales ? scales[block.rows[i]] : 1;
  }

  const RowsToAttend& rows_;
  decltype(&add_byte_logits<false>) add_;
  WholeQueries queries_, squares_;
  PackedBytes keys_, variances_;
};

// out[query · stride + row] for the queries of a tile and the rows of some panels.
void logits_of_tile(const RowsToAttend& rows, const PackedKeys& packed, size_t query, size_t panels, float* out, size_t stride) {
  const size_t dims = rows.keys.dims, at = query * rows.query_stride;
  for (size_t panel = 0; panel < panels; panel += kTilePanels) {
    Tile<kTilePanels> tile;
    tile.begin_with(packed.starts + 16 * panel);
    tile.add(TileRows(rows.queries + at, rows.query_stride), packed.keys + panel * dims * 16, dims * 16, dims);
    if (packed.variances) tile.add(TileRows(rows.squares + at, rows.query_stride), packed.variances + panel * dims * 16, dims * 16, dims);
    tile.store(out + 16 * panel, stride);
  }
}

// Logits of rows that a query does not see.
void hide(const Block& block, uint32_t limit, size_t count, float* logits) {
  for (size_t i = 0; i < count; ++i) logits[i] = block.rows[i] >= limit ? kUnseen : logits[i];
}

float greatest_of(const float* logits, size_t count) {
  Floats16 most = Floats16::load(logits);
  for (size_t i = 16; i < count; i += 16) most.take_greater(Floats16::load(logits + i));
  return most.greatest();
}

// From `count` logits of each of a tile's queries to weights, relative to the greatest so far, which may rise. In three steps, each of which is the same for queries that do not
// wait for each other.
void soften(float* logits, size_t count, size_t queries, const Running& running, size_t query, size_t value_panels) {
  float most[kTileHeight];
  for (size_t q = 0; q < queries; ++q) most[q] = greatest_of(logits + q * kBlockRows, count);
  for (size_t q = 0; q < queries; ++q) {
    if (most[q] > running.greatest[query + q]) raise_greatest(running, query + q, most[q], 16 * value_panels);
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
  tile.add(TileRows(weights, kBlockRows), values, kBlockRows * 16, count);
  tile.store(out, out_stride);
}

// Weighted sums of the first `count` rows.
void add_values(const float* weights, size_t count, const float* values, size_t value_panels, float* out, size_t out_stride) {
  size_t panel = 0;
  for (; panel + kTilePanels <= value_panels; panel += kTilePanels) add_panels<kTilePanels>(weights, count, values + panel * kBlockRows * 16, out + 16 * panel, out_stride);
  if (panel < value_panels) add_panels<1>(weights, count, values + panel * kBlockRows * 16, out + 16 * panel, out_stride);
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
  return {memory, variances, values, values + 16 * panels_of(rows.values.dims) * kBlockRows};
}

}  // namespace

size_t tile_memory(const RowsToAttend& rows) {
  return 16 + kBlockRows * (rows.keys.dims * (rows.variances.data ? 2 : 1) + 16 * panels_of(rows.values.dims)) + ByteLogits::memory(rows);
}

namespace {

// The logits of rows of all other types.
class FloatLogits {
 public:
  FloatLogits(const RowsToAttend& rows, float*) : rows_(rows) {}
  void pack(const Block& block, const TileMemory& memory) {
    memory_ = memory;
    pack_keys(rows_.keys, block, rows_.scales, memory.keys);
    if (rows_.variances.data) pack_keys(rows_.variances, block, rows_.variance_scales, memory.variances);
  }
  void find(size_t query, size_t panels, const float* starts, float* out, size_t stride) const {
    logits_of_tile(rows_, {memory_.keys, rows_.variances.data ? memory_.variances : nullptr, starts}, query, panels, out, stride);
  }

 private:
  const RowsToAttend& rows_;
  TileMemory memory_{};
};

template <typename Logits>
void attend_tiles_by(const RowsToAttend& rows, const Running& running, const TileMemory& memory) {
  const size_t value_panels = panels_of(rows.values.dims);
  alignas(64) float starts[kBlockRows], weights[kTileHeight * kBlockRows];
  Block block;
  Logits logits(rows, memory.queries);
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
      logits.find(query, panels, starts, weights, kBlockRows);
      for (size_t q = 0; q < count && rows.limits; ++q) {
        if (rows.list || rows.limits[query + q] < block.rows[0] + 16 * panels) hide(block, rows.limits[query + q], 16 * panels, weights + q * kBlockRows);
      }
      soften(weights, 16 * panels, count, running, query, value_panels);
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
  for (size_t from = 0; from < rows.count; from += kBlockRows) {
    find_block(rows, from, block);
    pack_keys(rows.keys, block, rows.scales, packed.keys);
    for (size_t query = 0; query < rows.query_count; query += kTileHeight) {
      logits_of_tile(rows, {packed.keys, nullptr, starts}, query, block.panels, out + query * out_stride + from, out_stride);
    }
  }
}

}  // namespace merganser::attention::MERGANSER_ISA_NS
