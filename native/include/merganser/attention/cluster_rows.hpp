// Which clusters are above a threshold, and the rows of those that were chosen: short loops over all clusters, between a lookup and the rows themselves.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/simd/instruction_set.hpp"

namespace merganser::attention {

// Rows are written so many at a time: there must be room behind the last one.
constexpr size_t kRowsAtOnce = 16;
// Memory answers late where a run of rows begins. Read from so many places in turns, the others go on meanwhile.
constexpr size_t kPlaces = 8;

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* Clusters with a score above the limit and with rows, in ascending order; gives their number. */ \
  size_t clusters_above(const float* scores, const uint32_t* offsets, size_t count, float limit, uint32_t* chosen); \
  /* offsets[c] … offsets[c + 1] − 1 of each chosen cluster c, one cluster after the other. */ \
  void rows_of_clusters(const uint32_t* offsets, const uint32_t* chosen, size_t count, uint32_t* rows); \
  /* The same rows in the order in which attend_rows is fastest: from kPlaces places of the list in turns. */ \
  void rows_in_turns(const uint32_t* rows, size_t count, uint32_t* turns); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::attention
