// Exact assignment that looks only at the panels that a point could have moved to.
//
// For each point and panel a lower bound of the distance to any centroid of the panel but the point's own is kept from the time it was last looked at, and
// which time that was, so that nothing has to be rewritten while the panel moves on: bound − drift since then still holds (triangle inequality;
// bound_epochs.hpp). For each point an upper bound of the distance to its own centroid is kept in the same way. A point whose upper bound is below all
// its panels' lower bounds is not even read. Otherwise its own distance is computed, and then the panels that are still in reach: the points of a block that
// need one panel are collected, so the work stays the tile of the dense kernel.
//
// While much is in reach a second bound helps: a centroid is at least as far from a point as from the point's own centroid, less the distance to that (Elkan).
//
// Before a point is scored against a panel its short form is: a bound again, in a fraction of the time. Rounded to bytes (byte_forms.hpp) it also tells how
// far the own centroid is at most, and then only points that a panel is in reach of all the same are read.
//
// Every bound carries the worst rounding error of the scores it comes from, so what is left out could not have won in the dense kernel either: the labels are
// those of `best_slots`, to the bit, ties included.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "merganser/clustering/bound_epochs.hpp"
#include "merganser/clustering/centroid_drifts.hpp"
#include "merganser/clustering/centroid_panels.hpp"
#include "merganser/clustering/examine_panels.hpp"
#include "merganser/clustering/point_blocks.hpp"
#include "merganser/clustering/short_forms.hpp"
#include "merganser/parallel/kept_array.hpp"

namespace merganser::clustering {

// A point that has another centroid than before.
struct Move {
  uint32_t position;
  uint32_t from, to;  // slots
};

class BoundedAssignment {
 public:
  static size_t bytes(const PointBlocks& points, const CentroidPanels& centroids);

  // slots: where each point is now, or is likely to be. forms: null if there are none.
  BoundedAssignment(const PointBlocks& points, const CentroidPanels& centroids, std::vector<uint32_t>& slots, std::unique_ptr<ShortForms> forms);

  // The centroid of each slot has moved by so much.
  void drift(const std::vector<double>& by_slot, unsigned threads);
  // Renews slots. The first time every panel is looked at, by all points.
  void assign(unsigned threads, const std::atomic<bool>* cancelled, std::vector<std::vector<Move>>& moves);

 private:
  struct Scratch;
  static size_t bytes_of_bounds(const PointBlocks& points, const CentroidPanels& centroids);
  static size_t epochs(const PointBlocks& points, const CentroidPanels& centroids);
  void begin_pass(unsigned threads);
  void assign_block(size_t block, Scratch& scratch, std::vector<Move>& moves);
  bool find_reach(size_t block, Scratch& scratch);
  void measure_kept(size_t block, Scratch& scratch);
  void prepare(size_t block, Scratch& scratch, size_t local);
  void measure_own(size_t block, Scratch& scratch, size_t local);
  void read_kept(size_t block, size_t panel, size_t how_many, Scratch& scratch);
  bool any_in_reach(size_t block, size_t panel, const Scratch& scratch);
  void look_at_one(size_t block, size_t panel, Scratch& scratch);
  void look_at_two(size_t block, size_t panel, Scratch& scratch);
  void examine_lists(size_t block, size_t panel, ReachLists& lists, Scratch& scratch);
  static size_t joined(ReachLists& lists);
  static bool better_joined(const ReachLists& lists);
  BlockBounds block_bounds(size_t block, const std::vector<float>& norms, Scratch& scratch);
  void sift(size_t block, size_t panel, size_t how_many, size_t alone, uint32_t* list, size_t listed, Scratch& scratch);
  void examine(size_t block, size_t panel, size_t how_many, uint32_t* list, size_t listed, Scratch& scratch);
  void settle(size_t block, size_t panel, size_t how_many, Scratch& scratch, size_t challenger);
  bool worth_measuring_apart() const;
  void measure_apart(unsigned threads);
  void judge_forms();
  float rounding_error(float squared_norm) const;
  Rows rows_of(size_t block, Scratch& scratch) const;
  float* bounds_of(size_t block, size_t panel) { return bounds_.data() + (block * centroids_.panels() + panel) * points_.block_size(); }

  float& least_of(size_t block, size_t panel) { return least_[block * centroids_.panels() + panel]; }
  void keep_least(size_t block, size_t panel, float worth);

  const PointBlocks& points_;
  const CentroidPanels& centroids_;
  std::vector<uint32_t>& slots_;
  std::unique_ptr<ShortForms> forms_;
  parallel::KeptArray<float> bounds_;
  std::vector<float> least_;           // [block][panel]: at most what the least of its bounds was worth, plus the panel's steps until then
  std::vector<float> squares_;         // by position: ‖x‖²
  std::vector<float> reach_;           // by position: upper bound of the distance to the own centroid
  CentroidDrifts drifts_;
  std::vector<double> panel_steps_;    // sum of its drifts from pass to pass
  std::vector<float> panel_steps_up_;  // the same, rounded up
  std::vector<float> slot_drifts_;     // since the last assign, rounded up
  std::vector<float> apart_;           // [panel][slot]: from its centroid to the nearest other one of the panel; empty: not known
  std::atomic<uint64_t> looked_{0};    // pairs of points and panels in this pass
  std::atomic<uint64_t> sifted_{0}, kept_{0};  // pairs of points and panels in this pass, by short forms
  float error_of_length_ = 0, error_of_all_ = 0;  // of a score: of the point's length, and whatever the point
  bool complete_ = false;
};

}  // namespace merganser::clustering
