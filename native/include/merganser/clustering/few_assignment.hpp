// The nearest of few centroids for all points of a run, which are put into panels once: there bounds and bytes cost more than they save. The slots are those of best_slots, to the bit.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "merganser/clustering/bounded_assignment.hpp"
#include "merganser/clustering/centroid_panels.hpp"
#include "merganser/clustering/point_blocks.hpp"
#include "merganser/parallel/kept_array.hpp"

namespace merganser::clustering {

// With fewer panels bounds cost more than they save.
constexpr size_t kPanelsForBounds = 4;

class FewAssignment {
 public:
  // Null where other ways are faster, or the points' copy would take more than `bytes`. The points must stay in their order; short ones are kept as rows, too.
  static std::unique_ptr<FewAssignment> make(PointBlocks& points, const CentroidPanels& centroids, uint32_t iterations, size_t bytes, unsigned threads);

  // Renews slots.
  void assign(unsigned threads, const std::atomic<bool>* cancelled, std::vector<uint32_t>& slots, std::vector<std::vector<Move>>& moves) const;

 private:
  FewAssignment(const PointBlocks& points, const CentroidPanels& centroids, unsigned threads);
  static size_t panels_of(const PointBlocks& points) { return (points.size() + kPanel - 1) / kPanel; }
  static size_t numbers_of(const PointBlocks& points) { return panels_of(points) * kPanel * points.dims(); }
  size_t place_of(size_t panel) const { return panel * kPanel * points_.dims(); }

  const PointBlocks& points_;
  const CentroidPanels& centroids_;
  parallel::KeptArray<float> packed_;
};

}  // namespace merganser::clustering
