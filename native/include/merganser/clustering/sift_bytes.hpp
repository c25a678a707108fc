// Products of bytes for pruned assignment, on every instruction set.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/clustering/byte_panels.hpp"
#include "merganser/clustering/examine_panels.hpp"

namespace merganser::clustering {

constexpr size_t kMostMatrixDims = 1024, kRowsBehind = 31;

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* As sift_by_heads. matrix_tiles: by those, of whole steps of 64 dimensions, at most kMostMatrixDims. */ \
  void sift_by_bytes(const ByteRows& rows, const BytePanels& panels, size_t panel, size_t how_many, size_t alone, uint32_t* list, size_t count, \
                     const BlockBounds& block, const float* reach, ReachLists& kept, bool matrix_tiles); \
  /* The slot of the greatest score of each row, but for what rounding to bytes changes. Matrix tiles read up to kRowsBehind rows behind the last one. */ \
  void best_slots_by_bytes(const ByteRows& rows, const BytePanels& panels, uint32_t* slots, bool matrix_tiles); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::clustering
