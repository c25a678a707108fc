#include "merganser/reduction/token_blocks.hpp"

#include <algorithm>
#include <vector>

#include "merganser/clustering/row_arithmetic.hpp"
#include "merganser/parallel/kept_buffer.hpp"
#include "merganser/parallel/parallel_for.hpp"
#include "merganser/reduction/block_sums.hpp"

namespace merganser::reduction {
namespace {

// Some dimensions of all tokens, as panels: with the blocks they stay in the second-level cache, and three of them in the first-level one.
class PartOfAll {
 public:
  static constexpr size_t kDims = 256;

  PartOfAll(const TokenBlocks& blocks, const float* values, size_t dims)
      : blocks_(blocks), values_(values), dims_(dims), panels_((blocks.tokens + kBlockSide - 1) / kBlockSide), memory_((panels_ * kDims + 1) * kBlockSide * sizeof(float)), magnitudes_(panels_) {
    packed_ = reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(memory_.data()) + 63) / 64 * 64);
  }

  void take(size_t first, size_t dims, unsigned threads) {
    static const auto pack = MERGANSER_SELECT_FROM(clustering::, pack_panel);
    static const auto greatest = MERGANSER_SELECT_FROM(clustering::, greatest_magnitude);
    constexpr size_t kOfPiece = 4;
    parallel::parallel_for(threads, (panels_ + kOfPiece - 1) / kOfPiece, [&](size_t piece) {
      float ones[kBlockSide];
      std::fill_n(ones, kBlockSide, 1.f);
      for (size_t panel = piece * kOfPiece; panel < std::min(panels_, (piece + 1) * kOfPiece); ++panel) {
        const float* rows[kBlockSide] = {};
        for (size_t place = panel * kBlockSide, lane = 0; lane < kBlockSide && place + lane < blocks_.tokens; ++lane) rows[lane] = values_ + blocks_.order[place + lane] * dims_ + first;
        float* const packed = packed_ + panel * kBlockSide * kDims;
        pack(rows, ones, dims, packed);
        const float found[2] = {magnitudes_[panel], greatest(packed, dims * kBlockSide)};
        magnitudes_[panel] = greatest(found, 2);
      }
    });
  }
  size_t panels() const { return panels_; }
  const float* panel(size_t i) const { return packed_ + i * kBlockSide * kDims; }
  // Of all that was taken; as magnitudes, for which NaN is above infinity.
  float greatest() const { return MERGANSER_SELECT_FROM(clustering::, greatest_magnitude)(magnitudes_.data(), panels_); }

 private:
  TokenBlocks blocks_;
  const float* values_;
  size_t dims_, panels_;
  parallel::KeptBuffer memory_;
  float* packed_;
  std::vector<float> magnitudes_;
};

// The blocks of a panel with itself and those behind it.
uint32_t first_block(const TokenBlocks& blocks, size_t panel, size_t column) {
  const uint32_t* const columns = blocks.columns;
  return static_cast<uint32_t>(std::lower_bound(columns + blocks.offsets[panel], columns + blocks.offsets[panel + 1], column) - columns);
}

void add_products(const TokenBlocks& blocks, const PartOfAll& all, size_t panel, size_t dims, float* out) {
  static const auto add = MERGANSER_SELECT(add_block_products);
  std::vector<const float*> columns;
  const uint32_t first = first_block(blocks, panel, panel), end = blocks.offsets[panel + 1];
  for (uint32_t block = first; block < end; ++block) columns.push_back(all.panel(blocks.columns[block]));
  add(all.panel(panel), columns.data(), columns.size(), dims, out + first * kBlock);
}

}  // namespace

float block_squares(const TokenBlocks& blocks, const float* values, size_t dims, unsigned threads, float* out) {
  static const auto pack = MERGANSER_SELECT_FROM(clustering::, pack_panel);
  static const auto to_squares = MERGANSER_SELECT(products_to_squares);
  PartOfAll all(blocks, values, dims);
  std::fill_n(out, blocks.offsets[all.panels()] * kBlock, 0.f);
  for (size_t first = 0; first < dims; first += PartOfAll::kDims) {
    const size_t some = std::min(PartOfAll::kDims, dims - first);
    all.take(first, some, threads);
    parallel::parallel_for(threads, all.panels(), [&](size_t panel) { add_products(blocks, all, panel, some, out); });
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
  return all.greatest();
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
