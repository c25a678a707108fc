// A tile of scores: some rows by one or several panels, sums in registers from the first dimension to the last. For kernels only (*.isa.cpp).
//
// Per dimension a tile loads one number of each row and 16 of each panel, and multiplies all of them: the more it holds, the fewer loads there are to a
// multiply-add. With 16 numbers to a register, 12 rows by one panel need 13 loads for 12 multiply-adds, and loads are what is waited for; by two panels, 14 for 24.
//
// The numbers of a panel are asked for some dimensions ahead: two panels of more than 256 dimensions do not fit into the first-level cache.
#pragma once
#include "merganser/clustering/score_panels.hpp"
#include "merganser/simd/floats16.hpp"
#include "merganser/simd/tile_rows.hpp"

namespace merganser::clustering::MERGANSER_ISA_NS {

using simd::MERGANSER_ISA_NS::Floats16;
using simd::MERGANSER_ISA_NS::kTilePanels;
using simd::MERGANSER_ISA_NS::kTileRows;
using simd::MERGANSER_ISA_NS::TileRows;

constexpr size_t kTileHeight = kTileRows;
constexpr size_t kDimsAhead = 8;
constexpr float kLowestScore = -3e38f;

// Rows that stand anywhere. One counter serves all pointers.
class RowList {
 public:
  template <typename RowAt>
  MERGANSER_INLINE explicit RowList(RowAt row_at) {
#pragma GCC unroll 12
    for (size_t row = 0; row < kTileHeight; ++row) rows_[row] = row_at(row);
  }
  MERGANSER_INLINE float at(size_t row) const { return rows_[row][dim_]; }
  MERGANSER_INLINE void next() { ++dim_; }

 private:
  size_t dim_ = 0;
  const float* rows_[kTileHeight];
};

// The last rows of a block: what the tile has room for besides is the last row again.
MERGANSER_INLINE RowList last_rows(const Rows& rows, size_t first) {
  return RowList([&](size_t row) { return rows.data + (first + row < rows.count ? first + row : rows.count - 1) * rows.stride; });
}

MERGANSER_INLINE size_t tile_size(size_t count, size_t first) { return count - first < kTileHeight ? count - first : kTileHeight; }

template <size_t kCount>
struct Tile {
  Floats16 scores[kCount][kTileHeight];

  // Of panels [panel, panel + kCount).
  template <typename RowsOf>
  MERGANSER_INLINE void compute(RowsOf rows, const Panels& panels, size_t panel) {
    const float* numbers = panels.data + panel * panels.dims * kPanel;
    const size_t apart = panels.dims * kPanel;
#pragma GCC unroll 2
    for (size_t p = 0; p < kCount; ++p) {
      const Floats16 start = Floats16::load(panels.halves + (panel + p) * kPanel);
#pragma GCC unroll 12
      for (size_t row = 0; row < kTileHeight; ++row) scores[p][row] = start;
    }
#if defined(__AVX2__) && !defined(__AVX512F__)
    // Six rows leave room for few instructions beside the multiply-adds: four a cycle are decoded.
#pragma GCC unroll 4
#endif
    for (size_t dim = 0; dim < panels.dims; ++dim) {
      add_dimension(rows, numbers, apart);
      numbers += kPanel;
      rows.next();
    }
  }

 private:
  template <typename RowsOf>
  MERGANSER_INLINE void add_dimension(const RowsOf& rows, const float* numbers, size_t apart) {
    Floats16 centroids[kCount];
#pragma GCC unroll 2
    for (size_t p = 0; p < kCount; ++p) {
      centroids[p] = Floats16::load(numbers + p * apart);
      centroids[p].keep_loaded();
      simd::MERGANSER_ISA_NS::expect_line(numbers + p * apart + kDimsAhead * kPanel);
    }
#pragma GCC unroll 12
    for (size_t row = 0; row < kTileHeight; ++row) {
      const Floats16::Factor factor = Floats16::factor(rows.at(row));
#pragma GCC unroll 2
      for (size_t p = 0; p < kCount; ++p) scores[p][row].add_product(factor, centroids[p]);
    }
  }
};

}  // namespace merganser::clustering::MERGANSER_ISA_NS
