// A tile of products that are added to what is there: some rows by one or two panels, sums in registers from the first number to the last. For kernels only (*.isa.cpp).
#pragma once
#include "merganser/simd/floats16.hpp"
#include "merganser/simd/tile_rows.hpp"

namespace merganser::attention::MERGANSER_ISA_NS {

using simd::MERGANSER_ISA_NS::Floats16;
using simd::MERGANSER_ISA_NS::kTilePanels;
using simd::MERGANSER_ISA_NS::kTileRows;
using simd::MERGANSER_ISA_NS::TileRows;

constexpr size_t kTileHeight = kTileRows;
// Steps of a product that lines of panels are asked for ahead.
constexpr size_t kStepsAhead = 4;
// Panels that a tile takes together stand side by side, so that one address leads to both: numbers from one step to the next.
constexpr size_t kPanelStep = 16 * kTilePanels;

MERGANSER_INLINE size_t panels_of(size_t dims) { return (dims + 15) / 16; }
// Panels of so many rows, as many as tiles take.
MERGANSER_INLINE size_t whole_tiles(size_t rows) { return (panels_of(rows) + kTilePanels - 1) / kTilePanels * kTilePanels; }

// Where a panel begins among panels of so many steps.
MERGANSER_INLINE size_t panel_start(size_t panel, size_t steps) { return panel / kTilePanels * kPanelStep * steps + panel % kTilePanels * 16; }

// Rows of a tile that are packed: [step][row].
class PackedRows {
 public:
  explicit MERGANSER_INLINE PackedRows(const float* first) : at_(first) {}
  MERGANSER_INLINE float at(size_t row) const { return at_[row]; }
  MERGANSER_INLINE void next() { at_ += kTileHeight; }

 private:
  const float* at_;
};

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
  // Of each row, lane by lane, the greatest of `most` and the sums.
  MERGANSER_INLINE void raise(Floats16* most) const {
#pragma GCC unroll 12
    for (size_t row = 0; row < kTileHeight; ++row) {
#pragma GCC unroll 2
      for (size_t p = 0; p < kCount; ++p) most[row].take_greater(sums[p][row]);
    }
  }
  // sums += rows · panels, `steps` numbers of each row.
  template <typename Rows>
  MERGANSER_INLINE void add(Rows rows, const float* panels, size_t steps) {
#pragma GCC unroll (kTilePanels == 1 ? 4 : 1)
    for (size_t i = 0; i < steps; ++i) {
      Floats16 numbers[kCount];
#pragma GCC unroll 2
      for (size_t p = 0; p < kCount; ++p) {
        simd::MERGANSER_ISA_NS::expect_line(panels + kPanelStep * (i + kStepsAhead) + 16 * p);
        numbers[p] = Floats16::load(panels + kPanelStep * i + 16 * p);
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

}  // namespace merganser::attention::MERGANSER_ISA_NS
