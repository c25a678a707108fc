// What pruned assignment needs of a panel, on every instruction set: which points of a block it is in reach of, and for those the greatest scores.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/clustering/score_panels.hpp"
#include "merganser/simd/instruction_set.hpp"

namespace merganser::clustering {

// Lists of points have room for so many more.
constexpr size_t kListPadding = 16;

// What is known of the points of a block; index: place in the block.
struct BlockBounds {
  float* bounds;            // of all panels, `bounds_stride` apart: lower bound of the distance to any centroid but the point's own (bound_epochs.hpp)
  size_t bounds_stride;
  const float* drifts;      // per panel and epoch
  uint32_t epoch;           // of this pass
  const float* norms;       // ‖x‖² minus twice the rounding error
  const float* thresholds;  // scores below this cannot win
  const uint32_t* slots;    // the point's own centroid
  float* own_scores;        // filled where a panel holds it
};

struct Challenger {
  uint32_t point;  // place in the block
  float score;
};

// Points that two panels are in reach of: both, only the first, only the second.
struct ReachLists {
  uint32_t* rows[3];
  size_t counts[3];
};

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* How many panels a tile holds at best: 1 or 2. */ \
  size_t panels_at_once(); \
  /* Scores of the listed rows against panels [panel, panel + how_many), how_many ≤ panels_at_once(). The list has room for kListPadding more. Renews */ \
  /* the bounds, and gives the rows that some other centroid of the panels may have won, with how_many × 16 scores of each (the own one as −3e38). */ \
  /* Returns their number. */ \
  size_t examine_panels(const Rows& rows, const Panels& panels, size_t panel, size_t how_many, uint32_t* list, size_t count, const BlockBounds& block, \
                        Challenger* challengers, float* challenger_scores); \
  /* The same with heads, which only give upper bounds of scores (`block.norms` are then lower by what these can be off): renews the bounds, and adds the */ \
  /* rows that panels are still in reach of to `kept`; of one panel: to list `alone`. The lists must not be `list`. */ \
  void sift_by_heads(const Rows& heads, const Panels& panels, size_t panel, size_t how_many, size_t alone, uint32_t* list, size_t count, \
                     const BlockBounds& block, const float* reach, ReachLists& kept); \
  /* Rows whose bound of a panel does not exclude it: what it is worth is less than reach[i]. Returns their number. count: a multiple of 8. least: what the least is worth. */ \
  size_t rows_in_reach(const float* bounds, const float* drifts, const float* reach, size_t count, uint32_t* list, float* least); \
  /* The same for two panels. Every list has room for kListPadding more than `count`. */ \
  void rows_in_reach_of_two(const float* bounds, const float* next_bounds, const float* drifts, const float* reach, size_t count, ReachLists& lists, \
                            float* least); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::clustering
