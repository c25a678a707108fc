// Sums of the points of each cluster, kept from one iteration to the next: only points that moved are taken out and put in. Every term is rounded to a grid
// first, so that the sums are exact: they do not depend on the order of points, on threads, or on which way they came about.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "merganser/clustering/bounded_assignment.hpp"
#include "merganser/clustering/centroid_panels.hpp"
#include "merganser/clustering/point_blocks.hpp"

namespace merganser::clustering {

class ClusterSums {
 public:
  ClusterSums(const PointBlocks& points, size_t slots);

  void add_all(const std::vector<uint32_t>& slots, unsigned threads);
  void apply(const std::vector<std::vector<Move>>& moves, unsigned threads);
  // new_slots[old] says where each cluster stands now.
  void regroup(const std::vector<uint32_t>& new_slots);

  double sum(size_t slot, size_t dim) const { return sums_[slot * padded_ + dim] + rests_[slot * padded_ + dim]; }
  double weight(size_t slot) const { return weights_[slot] + weight_rests_[slot]; }
  uint32_t size(size_t slot) const { return sizes_[slot]; }
  // Whether the cluster's sum may be another one than at the last `forget_changes`.
  bool changed(size_t slot) const { return changed_[slot] != 0; }
  void forget_changes() { std::fill(changed_.begin(), changed_.end(), uint8_t{0}); }

 private:
  struct Change {
    uint32_t position;
    bool joins;
  };
  void apply_kept(size_t slot, const Change* changes, size_t count);
  void apply_changes(const std::vector<size_t>& offsets, const std::vector<Change>& changes, unsigned threads);

  const PointBlocks& points_;
  size_t padded_, slots_;
  // Of numbers on the coarse grids, and on the fine ones.
  std::vector<double> sums_, rests_, weights_, weight_rests_;
  std::vector<uint32_t> sizes_;
  std::vector<uint8_t> changed_;
};

}  // namespace merganser::clustering
