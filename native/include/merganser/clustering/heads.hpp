// Short forms of points and centroids from which a bound of their score follows in a fraction of the time.
//
// A head holds the coordinates along the directions in which the points differ most, and the length of all the rest: a product is at most the product of the
// heads, as rests can at best point the same way (Cauchy–Schwarz). On vectors of a model, whose variance is in few directions, that excludes most panels that the
// bounds could not; on noise nothing, and then there are no heads: a sample tells which length pays.
//
// Directions that are not quite orthogonal, and rounding, are covered: lengths of rests are rounded up, and `defect` bounds what products may be off.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "merganser/clustering/centroid_panels.hpp"
#include "merganser/clustering/packed_rows.hpp"
#include "merganser/clustering/point_blocks.hpp"
#include "merganser/parallel/huge_array.hpp"

namespace merganser::clustering {

class Heads {
 public:
  // slots: the nearest centroid of each point, by position. Null if heads would save nothing, or take more than `bytes`.
  static std::unique_ptr<Heads> make(const PointBlocks& points, const CentroidPanels& centroids, const std::vector<uint32_t>& slots, size_t bytes,
                                     unsigned threads);

  // What looking at a panel costs, in dimensions, if a part of the points must be scored in full after all.
  static double cost(size_t width, double surviving, double dims);
  size_t width() const { return width_; }
  // Renews those of the centroids.
  void renew(unsigned threads);
  Rows of_block(size_t block) const { return {heads_.data() + points_.block_begin(block) * stride_, stride_, points_.block_count(block)}; }
  Panels view() const { return packed_.view(); }
  // A score is at most that of the heads plus `defect` × ‖x‖ × ‖c‖, and the rounding of a sum.
  double defect() const { return defect_; }

 private:
  Heads(const PointBlocks& points, const CentroidPanels& centroids, std::vector<float> directions, size_t width, unsigned threads);
  // Writes the head of a vector with these coordinates.
  void finish(const float* coordinates, double square, float* head) const;

  const PointBlocks& points_;
  const CentroidPanels& centroids_;
  size_t width_, stride_;
  double defect_;
  PackedRows directions_;
  parallel::HugeArray<float> heads_;
  PackedRows packed_;
};

}  // namespace merganser::clustering
