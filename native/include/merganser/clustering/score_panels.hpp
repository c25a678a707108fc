// Scores of points against centroids, on every instruction set.
//
// The score of a point x and a centroid c is ⟨x, c⟩ − ½‖c‖²: the greatest score is the least distance, and ‖x‖² need not be known. Centroids stand in
// panels of 16, transposed: panel[dim][16]. A tile is some points by one panel, its sums in registers from the first dimension to the last, so nothing of an
// n × K matrix ever goes to memory. The sum starts with −½‖c‖² and takes the dimensions in order, one fused multiply-add each: a score has the same bits
// in whatever tile, list or instruction set it is computed, so ties and the results of pruning can be exact.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/simd/instruction_set.hpp"

namespace merganser::clustering {

constexpr size_t kPanel = 16;

// Rows in memory, float32.
struct Rows {
  const float* data;
  size_t stride;
  size_t count;
};

// Centroids as panels; those that pad the last one have a half norm of −3e38 and never win.
struct Panels {
  const float* data;    // count × dims × 16, 64-byte aligned
  const float* halves;  // count × 16: −½‖c‖²
  size_t count;
  size_t dims;
};

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* Best slot of each row and its score; of equal scores the lowest slot. */ \
  void best_slots(const Rows& rows, const Panels& panels, uint32_t* slots, float* scores); \
  /* out[row × out_stride + slot] = score, for all slots of the panels. */ \
  void all_scores(const Rows& rows, const Panels& panels, float* out, size_t out_stride); \
  /* greatest[slot] = the greatest of what stands there and the scores of all rows. At least one row. */ \
  void greatest_of_panels(const Rows& rows, const Panels& panels, float* greatest); \
  /* The score of one row and the centroid of one slot. */ \
  float one_score(const float* row, const Panels& panels, uint32_t slot); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::clustering
