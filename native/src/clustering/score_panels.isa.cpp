#include "merganser/clustering/score_panels.hpp"

#include <cmath>

#include "merganser/clustering/best_by_lane.hpp"
#include "merganser/clustering/score_tile.hpp"

namespace merganser::clustering::MERGANSER_ISA_NS {
namespace {

// All rows against panels [panel, panel + kCount).
template <size_t kCount, size_t kHeight, typename Take>
MERGANSER_INLINE void each_tile(const Rows& rows, const Panels& panels, size_t panel, Take take) {
  using OfRows = simd::MERGANSER_ISA_NS::TileRows<static_cast<int>(kHeight)>;
  size_t first = 0;
  // The next panels come while these are in use, a part with each tile.
  const float* next = panels.data + (panel + kCount) * panels.dims * kPanel;
  const float* const next_end = panel + 2 * kCount <= panels.count ? next + kCount * panels.dims * kPanel : next;
  for (; first + kHeight <= rows.count; first += kHeight) {
    Tile<kCount, kHeight> tile;
    const OfRows some(rows.data + first * rows.stride, rows.stride);
    if (Tile<kCount, kHeight>::kNear || next >= next_end) {
      tile.compute(some, panels, panel);
    } else {
      tile.compute(some, panels, panel, next);
      next += panels.dims / Tile<kCount, kHeight>::kDimsOfLine * kPanel;
    }
    take(tile, first, panel);
  }
  if (first == rows.count) return;
  Tile<kCount, kHeight> tile;
  tile.compute(last_rows<kHeight>(rows, first), panels, panel);
  take(tile, first, panel);
}

template <typename Take>
MERGANSER_INLINE void each_panel(const Rows& rows, const Panels& panels, Take take) {
  size_t panel = 0;
  if constexpr (kNearPanels != kTilePanels) {
    if (panels.dims <= kNearDims) {
      for (; panel + kNearPanels <= panels.count; panel += kNearPanels) each_tile<kNearPanels, kNearHeight>(rows, panels, panel, take);
    }
  }
  for (; panel + kTilePanels <= panels.count; panel += kTilePanels) each_tile<kTilePanels, kTileHeight>(rows, panels, panel, take);
  if constexpr (kTilePanels > 1) {
    if (panel < panels.count) each_tile<1, kTileHeight>(rows, panels, panel, take);
  }
}

}  // namespace

void best_slots(const Rows& rows, const Panels& panels, uint32_t* slots, float* scores) {
  BestByLane best;
  for (size_t begin = 0; begin < rows.count; begin += BestByLane::kRows) {
    const size_t left = rows.count - begin;
    const Rows part{rows.data + begin * rows.stride, rows.stride, left < BestByLane::kRows ? left : BestByLane::kRows};
    best.clear();
    each_panel(part, panels, [&](const auto& tile, size_t first, size_t panel) MERGANSER_INLINE_LAMBDA { best.take(tile, first, panel); });
    for (size_t i = 0; i < part.count; ++i) slots[begin + i] = best.best_of(i, scores[begin + i]);
  }
}

void all_scores(const Rows& rows, const Panels& panels, float* out, size_t out_stride) {
  each_panel(rows, panels, [&]<size_t kCount, size_t kHeight>(const Tile<kCount, kHeight>& tile, size_t first, size_t panel) MERGANSER_INLINE_LAMBDA {
    const size_t size = tile_size<kHeight>(rows.count, first);
#pragma GCC unroll 12
    for (size_t row = 0; row < kHeight; ++row) {
      if (row >= size) continue;
#pragma GCC unroll 4
      for (size_t p = 0; p < kCount; ++p) tile.scores[p][row].store(out + (first + row) * out_stride + (panel + p) * kPanel);
    }
  });
}

void greatest_of_panels(const Rows& rows, const Panels& panels, float* greatest) {
  each_panel(rows, panels, [&]<size_t kCount, size_t kHeight>(const Tile<kCount, kHeight>& tile, size_t, size_t panel) MERGANSER_INLINE_LAMBDA {
#pragma GCC unroll 4
    for (size_t p = 0; p < kCount; ++p) {
      Floats16 most = Floats16::load(greatest + (panel + p) * kPanel);
#pragma GCC unroll 12
      for (size_t row = 0; row < kHeight; ++row) most.take_greater(tile.scores[p][row]);
      most.store(greatest + (panel + p) * kPanel);
    }
  });
}

float one_score(const float* row, const Panels& panels, uint32_t slot) {
  const size_t panel = slot / kPanel, lane = slot % kPanel;
  const float* const centroid = panels.data + panel * panels.dims * kPanel + lane;
  float score = panels.halves[slot];
  for (size_t dim = 0; dim < panels.dims; ++dim) score = ::fmaf(row[dim], centroid[dim * kPanel], score);
  return score;
}

}  // namespace merganser::clustering::MERGANSER_ISA_NS
