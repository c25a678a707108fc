// Logits of tiles of queries with rows of one byte of a block, as products of whole numbers. For kernels only (*.isa.cpp).
#pragma once
#include "merganser/attention/byte_products.hpp"
#include "merganser/attention/tile_memory.hpp"

namespace merganser::attention::MERGANSER_ISA_NS {

// Rows of a block that are multiplied as bytes.
struct PackedBytes {
  const int8_t* numbers;
  float scales[kBlockRows];
};

// Whether all that logits are made from is.
MERGANSER_INLINE bool are_bytes(const RowsToAttend& rows) { return rows.keys.type == RowType::int8 && (!rows.variances.data || rows.variances.type == RowType::int8); }

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

namespace {

// out[query · stride + row] = start of the row, or what is there if that is null, + logit; `most`: the greatest of each query, lane by lane.
template <bool vnni>
void add_byte_logits(const PackedBytes& bytes, const WholeQueries& queries, size_t query, size_t panels, const float* starts, float* out, size_t stride,
                     Floats16* most) {
  const size_t pairs = queries.pairs();
  for (size_t q = 0; q < kTileHeight; ++q) most[q] = Floats16::broadcast(kNothingSeen);
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
        const Sums16::Pair pair = Sums16::pair(factors + q);
#pragma GCC unroll 2
        for (size_t p = 0; p < kTilePanels; ++p) sums[p][q].template add_pair<vnni>(pair, some[p]);
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
        most[q].take_greater(logits);
      }
    }
  }
}

}  // namespace

// The logits of rows of bytes.
class ByteLogits {
 public:
  // Room for the queries, and for those of variances.
  static size_t memory(const RowsToAttend& rows) { return (rows.variances.data ? 2 : 1) * WholeQueries::memory(rows); }
  ByteLogits(const RowsToAttend& rows, const TileMemory& memory)
      : rows_(rows), add_(has_vnni() ? add_byte_logits<true> : add_byte_logits<false>), queries_(rows, rows.queries, memory.queries) {
    if (rows.variances.data) squares_ = WholeQueries(rows, rows.squares, memory.queries + WholeQueries::memory(rows));
  }

  void pack(const Block& block, const TileMemory& memory) {
    pack(rows_.keys, block, rows_.scales, memory.keys, keys_);
    if (rows_.variances.data) pack(rows_.variances, block, rows_.variance_scales, memory.variances, variances_);
  }
  void find(size_t query, size_t panels, const float* starts, float* out, size_t stride, Floats16* most) const {
    add_(keys_, queries_, query, panels, starts, out, stride, most);
    if (rows_.variances.data) add_(variances_, squares_, query, panels, nullptr, out, stride, most);
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

}  // namespace merganser::attention::MERGANSER_ISA_NS
