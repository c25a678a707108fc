// Best scores of some rows by lane. For kernels only (*.isa.cpp).
#pragma once
#include "merganser/clustering/score_tile.hpp"

namespace merganser::clustering::MERGANSER_ISA_NS {

// Scores, and the panels they are of, as floats: exact below 2²⁴.
struct BestByLane {
  static constexpr size_t kRows = 240 / kTileHeight * kTileHeight;
  alignas(64) float scores[kRows * kPanel];
  alignas(64) float panels[kRows * kPanel];

  MERGANSER_INLINE void clear() {
    for (size_t i = 0; i < kRows * kPanel; ++i) scores[i] = kLowestScore, panels[i] = 0;
  }
  template <size_t kCount, size_t kHeight>
  MERGANSER_INLINE void take(const Tile<kCount, kHeight>& tile, size_t first, size_t panel) {
    Floats16 numbers[kCount];
#pragma GCC unroll 4
    for (size_t p = 0; p < kCount; ++p) numbers[p] = Floats16::broadcast(static_cast<float>(panel + p));
#pragma GCC unroll 12
    for (size_t row = 0; row < kHeight; ++row) {
      float* const score_at = scores + (first + row) * kPanel;
      float* const panel_at = panels + (first + row) * kPanel;
      Floats16 best = Floats16::load(score_at), chosen = Floats16::load(panel_at);
#pragma GCC unroll 4
      for (size_t p = 0; p < kCount; ++p) best.take_greater(tile.scores[p][row], chosen, numbers[p]);
      best.store(score_at);
      chosen.store(panel_at);
    }
  }
  // Of equal scores the lowest slot.
  MERGANSER_INLINE uint32_t best_of(size_t row, float& most) const {
    uint32_t slot = 0;
    most = kLowestScore;
    for (size_t lane = 0; lane < kPanel; ++lane) {
      const float score = scores[row * kPanel + lane];
      const uint32_t candidate = static_cast<uint32_t>(panels[row * kPanel + lane]) * static_cast<uint32_t>(kPanel) + static_cast<uint32_t>(lane);
      if (score > most || (score == most && candidate < slot)) most = score, slot = candidate;
    }
    return slot;
  }
};

}  // namespace merganser::clustering::MERGANSER_ISA_NS
