// Short forms for processors that are no faster with bytes (byte_forms.hpp).
//
// A head holds the coordinates along the directions in which the points differ most, and the length of all the rest: a product is at most the product of the
// heads, as rests can at best point the same way (Cauchy–Schwarz). On vectors of a model, whose variance is in few directions, that excludes most panels that the
// bounds could not; on noise nothing, and then there are no heads: a sample tells which length pays.
//
// Directions that are not quite orthogonal, and rounding, are covered: lengths of rests are rounded up, and `defect` bounds what products may be off.
#pragma once
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "merganser/clustering/centroid_panels.hpp"
#include "merganser/clustering/packed_rows.hpp"
#include "merganser/clustering/point_blocks.hpp"
#include "merganser/clustering/short_forms.hpp"
#include "merganser/parallel/huge_array.hpp"

namespace merganser::clustering {

class Heads final : public ShortForms {
 public:
  // slots: the nearest centroid of each point, by position. Null if heads would save nothing, or take more than `bytes`.
  static std::unique_ptr<Heads> make(const PointBlocks& points, const CentroidPanels& centroids, const std::vector<uint32_t>& slots, size_t bytes,
                                     unsigned threads);

  // What looking at a panel costs with heads that long.
  static double cost(size_t width, double surviving, double dims);
  void renew(unsigned threads) override;
  float allowance(float norm) const override;
  void sift(size_t block, size_t panel, size_t how_many, size_t alone, uint32_t* list, size_t count, const BlockBounds& bounds, const float* reach,
            ReachLists& kept) const override;
  double cost(double surviving) const override { return cost(width_, surviving, static_cast<double>(points_.dims())); }
  float least_score(size_t, uint32_t) const override { return -std::numeric_limits<float>::infinity(); }
  bool knows_least_scores() const override { return false; }

 private:
  Heads(const PointBlocks& points, const CentroidPanels& centroids, std::vector<float> directions, size_t width, unsigned threads);
  // Writes the head of a vector with these coordinates.
  void finish(const float* coordinates, double square, float* head) const;

  const PointBlocks& points_;
  const CentroidPanels& centroids_;
  size_t width_, stride_;
  // A score is at most that of the heads plus `defect_` × ‖x‖ × ‖c‖, and the rounding of a sum.
  double defect_;
  PackedRows directions_;
  parallel::HugeArray<float> heads_;
  PackedRows packed_;
};

}  // namespace merganser::clustering
