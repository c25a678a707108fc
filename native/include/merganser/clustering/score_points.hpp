// The nearest of few centroids, with points in the lanes: the same scores as score_panels has, to the bit.
//
// With centroids in the lanes a point's best score has to be found among sixteen lanes, which for few centroids of few dimensions takes longer than the products. With sixteen points in the lanes each finds its own.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/clustering/score_panels.hpp"

namespace merganser::clustering {

// Points as panels: data[panel][dim][16], 64-byte aligned.
struct PointsInLanes {
  const float* data;
  size_t panels, dims;
};

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* Best slot of each point, of equal scores the lowest. The centroids' count is a multiple of 8; halves: −½‖c‖² of each. */ \
  void best_slots_of_lanes(const PointsInLanes& points, const Rows& centroids, const float* halves, uint32_t* slots); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::clustering
