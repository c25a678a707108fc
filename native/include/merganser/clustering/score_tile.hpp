// A tile of scores: some rows by one or several panels, sums in registers from the first dimension to the last. For kernels only (*.isa.cpp).
//
// Per dimension a tile loads one number of each row and 16 of each panel, and multiplies all of them: the more it holds, the fewer loads there are to a
// multiply-add. With 16 numbers to a register, 12 rows by one panel need 13 loads for 12 multiply-adds, and loads are what is waited for; by two panels, 14 for 24.
//
// Where panels stay in the first-level cache, 6 rows by four panels need 10 loads for 24. Else their numbers are asked for some dimensions ahead.
#pragma once
#include "merganser/clustering/score_panels.hpp"
#include "merganser/simd/floats16.hpp"
#include "merganser/simd/tile_rows.hpp"

namespace merganser::clustering::MERGANSER_ISA_NS {

using simd::MERGANSER_ISA_NS::Floats16;
using simd::MERGANSER_ISA_NS::kNearPanels;
using simd::MERGANSER_ISA_NS::kTilePanels;
using simd::MERGANSER_ISA_NS::kTileRows;
using simd::MERGANSER_ISA_NS::TileRows;

constexpr size_t kTileHeight = kTileRows;
constexpr size_t kNearHeight = simd::MERGANSER_ISA_NS::kNearRows;
// Of so many dimensions four panels take 32 KB.
constexpr size_t kNearDims = 128;
constexpr size_t kDimsAhead = 8;
constexpr float kLowestScore = -3e38f;

// Rows that stand anywhere. One counter serves all pointers.
template <size_t kHeight = kTileHeight>
class RowList {
 public:
  template <typename RowAt>
  MERGANSER_INLINE explicit RowList(RowAt row_at) {
#pragma GCC unroll 12
    for (size_t row = 0; row < kHeight; ++row) rows_[row] = row_at(row);
  }
  MERGANSER_INLINE float at(size_t row) const { return rows_[row][dim_]; }
  MERGANSER_INLINE void next() { ++dim_; }

 private:
  size_t dim_ = 0;
  const float* rows_[kHeight];
};

// The last rows of a block: what the tile has room for besides is the last row again.
template <size_t kHeight = kTileHeight>
MERGANSER_INLINE RowList<kHeight> last_rows(const Rows& rows, size_t first) {
  return RowList<kHeight>([&](size_t row) { return rows.data + (first + row < rows.count ? first + row : rows.count - 1) * rows.stride; });
}

template <size_t kHeight = kTileHeight>
MERGANSER_INLINE size_t tile_size(size_t count, size_t first) {
  return count - first < kHeight ? count - first : kHeight;
}

template <size_t kCount, size_t kHeight = kTileHeight>
struct Tile {
  // Its panels stay in the first-level cache.
  static constexpr bool kNear = kHeight != kTileHeight;
  Floats16 scores[kCount][kHeight];

  // Of panels [panel, panel + kCount).
  template <typename RowsOf>
  MERGANSER_INLINE void compute(RowsOf rows, const Panels& panels, size_t panel) {
    Tile sums;
    const float* numbers = sums.begin(panels, panel);
#if defined(__AVX2__) && !defined(__AVX512F__)
    // Six rows leave room for few instructions beside the multiply-adds: four a cycle are decoded.
#pragma GCC unroll 4
#endif
    for (size_t dim = 0; dim < panels.dims; ++dim) sums.add_next(rows, numbers, panels.dims);
#pragma GCC unroll 4
    for (size_t p = 0; p < kCount; ++p) {
#pragma GCC unroll 12
      for (size_t row = 0; row < kHeight; ++row) scores[p][row] = sums.scores[p][row];
    }
  }

  // The same, and a line from `later` on is asked for with every kDimsOfLine dimensions: more at once would keep the tile's own numbers waiting.
  static constexpr size_t kDimsOfLine = 8;
  template <typename RowsOf>
  MERGANSER_INLINE void compute(RowsOf rows, const Panels& panels, size_t panel, const float* later) {
    const float* numbers = begin(panels, panel);
    size_t dim = 0;
    for (; dim + kDimsOfLine <= panels.dims; dim += kDimsOfLine) {
      simd::MERGANSER_ISA_NS::expect_line_later(later);
      later += kPanel;
      for (size_t i = 0; i < kDimsOfLine; ++i) add_next(rows, numbers, panels.dims);
    }
    for (; dim < panels.dims; ++dim) add_next(rows, numbers, panels.dims);
  }

 private:
  MERGANSER_INLINE const float* begin(const Panels& panels, size_t panel) {
#pragma GCC unroll 4
    for (size_t p = 0; p < kCount; ++p) {
      const Floats16 start = Floats16::load(panels.halves + (panel + p) * kPanel);
#pragma GCC unroll 12
      for (size_t row = 0; row < kHeight; ++row) scores[p][row] = start;
    }
    return panels.data + panel * panels.dims * kPanel;
  }
  template <typename RowsOf>
  MERGANSER_INLINE void add_next(RowsOf& rows, const float*& numbers, size_t dims) {
    const size_t apart = dims * kPanel;
    Floats16 centroids[kCount];
#pragma GCC unroll 4
    for (size_t p = 0; p < kCount; ++p) {
      centroids[p] = Floats16::load(numbers + p * apart);
      centroids[p].keep_loaded();
      if constexpr (!kNear) simd::MERGANSER_ISA_NS::expect_line(numbers + p * apart + kDimsAhead * kPanel);
    }
#pragma GCC unroll 12
    for (size_t row = 0; row < kHeight; ++row) {
      const Floats16::Factor factor = Floats16::factor(rows.at(row));
#pragma GCC unroll 4
      for (size_t p = 0; p < kCount; ++p) scores[p][row].add_product(factor, centroids[p]);
    }
    numbers += kPanel;
    rows.next();
  }
};

}  // namespace merganser::clustering::MERGANSER_ISA_NS
