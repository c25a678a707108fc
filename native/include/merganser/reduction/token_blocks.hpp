// Squared distances among tokens that are near each other on a grid, and what follows from them for means of such tokens: the tokens themselves are read once, however often their weights change.
#pragma once
#include <cstddef>
#include <cstdint>

namespace merganser::reduction {

constexpr size_t kBlockSide = 16, kBlock = kBlockSide * kBlockSide;

// Tokens in an order in which sixteen make a panel. Panel r has a block of pairs with each of the panels columns[offsets[r]] … columns[offsets[r + 1] − 1], which ascend; with itself, and with those that have one with it.
struct TokenBlocks {
  const uint32_t* order;
  size_t tokens;
  const uint32_t* offsets;
  const uint32_t* columns;
};

// out[block][16][16]: squared distances. Of places behind the last token they mean nothing. Returns the greatest magnitude of all numbers: infinite or NaN if any is.
float block_squares(const TokenBlocks& blocks, const float* values, size_t dims, unsigned threads, float* out);

// The panels of each cell: cell c has the blocks [offsets[c], offsets[c + 1]), of each of its panels with each.
struct CellBlocks {
  size_t cells;
  const uint32_t* offsets;
  const uint32_t* blocks;
};

// The tokens of each cell: their places in the cell's panels.
struct CellPlaces {
  const uint32_t* offsets;
  const uint32_t* places;
};

// out[targets[entry]] = ‖token − centre‖² for each entry of `near`, where a cell's centre is the mean of the tokens of `members` with shares that sum to one: the mean squared distance to those tokens, less
// half of their own mean squared distance.
void mean_squares(const CellBlocks& cells, const float* squares, const CellPlaces& members, const float* shares, const CellPlaces& near, const uint32_t* targets, unsigned threads, float* out);

}  // namespace merganser::reduction
