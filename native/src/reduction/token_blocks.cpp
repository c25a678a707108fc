#include "merganser/reduction/token_blocks.hpp"

#include <algorithm>
#include <vector>

#include "merganser/clustering/row_arithmetic.hpp"
#include "merganser/clustering/score_panels.hpp"
#include "merganser/parallel/kept_buffer.hpp"
#include "merganser/parallel/parallel_for.hpp"
#include "merganser/reduction/block_sums.hpp"

namespace merganser::clustering {
namespace {

auto select_all_scores() { return MERGANSER_SELECT(all_scores); }
auto select_pack_panel() { return MERGANSER_SELECT(pack_panel); }
auto select_scale_row() { return MERGANSER_SELECT(scale_row); }

}  // namespace
}  // namespace merganser::clustering

namespace merganser::reduction {
namespace {

static_assert(kBlockSide == clustering::kPanel);

// Panels that are scored at a time.
constexpr size_t kMostTogether = 8;

// Some dimensions of all tokens, as rows and as panels: with the blocks they stay in the second-level cache.
class DimensionsOfAll {
 public:
  static constexpr size_t kDims = 128;

  DimensionsOfAll(const TokenBlocks& blocks, const float* values, size_t dims)
      : blocks_(blocks), values_(values), all_dims_(dims), panels_((blocks.tokens + kBlockSide - 1) / kBlockSide), memory_((panels_ * kBlockSide * (kStride + kDims) + kBlockSide) * sizeof(float)) {
    const uintptr_t address = reinterpret_cast<uintptr_t>(memory_.data());
    packed_ = reinterpret_cast<float*>((address + 63) / 64 * 64);
    rows_ = packed_ + panels_ * kBlockSide * kDims;
  }

  void take(size_t first, size_t dims, unsigned threads) {
    static const auto pack = clustering::select_pack_panel();
    static const auto copy = clustering::select_scale_row();
    dims_ = dims;
    constexpr size_t kOfPiece = 4;
    parallel::parallel_for(threads, (panels_ + kOfPiece - 1) / kOfPiece, [&](size_t piece) {
      for (size_t panel = piece * kOfPiece; panel < std::min(panels_, (piece + 1) * kOfPiece); ++panel) {
        const float* rows[kBlockSide] = {};
        float ones[kBlockSide];
        std::fill_n(ones, kBlockSide, 1.f);
        for (size_t lane = 0; lane < kBlockSide; ++lane) {
          float* const row = rows_ + (panel * kBlockSide + lane) * kStride;
          const size_t place = panel * kBlockSide + lane;
          if (place < blocks_.tokens) copy(values_ + blocks_.order[place] * all_dims_ + first, 1, dims, row);
          else std::fill_n(row, dims, 0.f);
          rows[lane] = row;
        }
        pack(rows, ones, dims, packed_ + panel * kBlockSide * dims);
      }
    });
  }
  size_t panels() const { return panels_; }
  clustering::Rows rows(size_t panel) const { return {rows_ + panel * kBlockSide * kStride, kStride, kBlockSide}; }
  clustering::Panels columns(size_t first, size_t count) const {
    static const float zeros[kMostTogether * kBlockSide] = {};
    return {packed_ + first * kBlockSide * dims_, zeros, count, dims_};
  }

 private:
  // Not a power of two, for which all rows would want the same places in the cache.
  static constexpr size_t kStride = kDims + kBlockSide;
  TokenBlocks blocks_;
  const float* values_;
  size_t all_dims_, panels_, dims_ = 0;
  parallel::KeptBuffer memory_;
  float *packed_, *rows_;
};

// The blocks of a panel with itself and those behind it.
uint32_t first_block(const TokenBlocks& blocks, size_t panel, size_t column) {
  const uint32_t* const columns = blocks.columns;
  return static_cast<uint32_t>(std::lower_bound(columns + blocks.offsets[panel], columns + blocks.offsets[panel + 1], column) - columns);
}

void add_products(const TokenBlocks& blocks, const DimensionsOfAll& all, size_t panel, float* out) {
  static const auto score = clustering::select_all_scores();
  static const auto add = MERGANSER_SELECT(add_to_blocks);
  constexpr size_t kStride = kMostTogether * kBlockSide;
  alignas(64) float scores[kBlockSide * kStride];
  for (uint32_t block = first_block(blocks, panel, panel), end = blocks.offsets[panel + 1]; block < end;) {
    uint32_t count = 1;
    while (count < kMostTogether && block + count < end && blocks.columns[block + count] == blocks.columns[block] + count) ++count;
    score(all.rows(panel), all.columns(blocks.columns[block], count), scores, kStride);
    add(scores, kStride, count, out + block * kBlock);
    block += count;
  }
}

}  // namespace

void block_squares(const TokenBlocks& blocks, const float* values, size_t dims, unsigned threads, float* out) {
  static const auto pack = clustering::select_pack_panel();
  static const auto to_squares = MERGANSER_SELECT(products_to_squares);
  DimensionsOfAll all(blocks, values, dims);
  std::fill_n(out, blocks.offsets[all.panels()] * kBlock, 0.f);
  for (size_t first = 0; first < dims; first += DimensionsOfAll::kDims) {
    all.take(first, std::min(DimensionsOfAll::kDims, dims - first), threads);
    parallel::parallel_for(threads, all.panels(), [&](size_t panel) { add_products(blocks, all, panel, out); });
  }
  std::vector<float> lengths(all.panels() * kBlockSide);
  for (size_t panel = 0; panel < all.panels(); ++panel) {
    const float* const own = out + first_block(blocks, panel, panel) * kBlock;
    for (size_t lane = 0; lane < kBlockSide; ++lane) lengths[panel * kBlockSide + lane] = own[lane * kBlockSide + lane];
  }
  float ones[kBlockSide];
  std::fill_n(ones, kBlockSide, 1.f);
  parallel::parallel_for(threads, all.panels(), [&](size_t panel) {
    for (uint32_t block = first_block(blocks, panel, panel); block < blocks.offsets[panel + 1]; ++block) {
      const size_t column = blocks.columns[block];
      float* const squares = out + block * kBlock;
      to_squares(squares, lengths.data() + panel * kBlockSide, lengths.data() + column * kBlockSide);
      if (column == panel) continue;
      const float* rows[kBlockSide];
      for (size_t row = 0; row < kBlockSide; ++row) rows[row] = squares + row * kBlockSide;
      pack(rows, ones, kBlockSide, out + first_block(blocks, column, panel) * kBlock);
    }
  });
}

void mean_squares(const CellBlocks& cells, const float* squares, const CellPlaces& members, const float* shares, const CellPlaces& near, const uint32_t* targets, unsigned threads, float* out) {
  static const auto sum = MERGANSER_SELECT(sum_block_rows);
  constexpr size_t kCells = 16;
  parallel::parallel_for(threads, (cells.cells + kCells - 1) / kCells, [&](size_t piece) {
    std::vector<float> means;
    for (size_t cell = piece * kCells; cell < std::min(cells.cells, (piece + 1) * kCells); ++cell) {
      size_t panels = 0;
      while (panels * panels < cells.offsets[cell + 1] - cells.offsets[cell]) ++panels;
      means.resize(panels * kBlockSide);
      const uint32_t first = members.offsets[cell], count = members.offsets[cell + 1] - first;
      sum(squares, cells.blocks + cells.offsets[cell], panels, members.places + first, shares + first, count, means.data());
      double own = 0;
      for (uint32_t entry = first; entry < first + count; ++entry) own += static_cast<double>(shares[entry]) * static_cast<double>(means[members.places[entry]]);
      for (uint32_t entry = near.offsets[cell]; entry < near.offsets[cell + 1]; ++entry)
        out[targets[entry]] = std::max(0.f, static_cast<float>(static_cast<double>(means[near.places[entry]]) - own / 2));
    }
  });
}

}  // namespace merganser::reduction
