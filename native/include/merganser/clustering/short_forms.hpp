// Short forms of points and centroids, from which bounds of their scores follow in a fraction of the time.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/clustering/examine_panels.hpp"

namespace merganser::clustering {

class ShortForms {
 public:
  virtual ~ShortForms() = default;
  // Renews those of the centroids.
  virtual void renew(unsigned threads) = 0;
  // What to take from the squared norm of a point for its entry in the norms that `sift` is given, besides four times the rounding error of a score.
  virtual float allowance(float norm) const = 0;
  // Looks at [panel, panel + how_many) for the listed points of a block, as sift_by_heads does.
  virtual void sift(size_t block, size_t panel, size_t how_many, size_t alone, uint32_t* list, size_t count, const BlockBounds& bounds, const float* reach,
            ReachLists& kept) const = 0;
  // What looking at a panel costs, in dimensions, if this part of the points must be scored in full after all.
  virtual double cost(double surviving) const = 0;
  // A bound of a point's score with a centroid from below, but for a rounding error; −infinity: there is none.
  virtual float least_score(size_t position, uint32_t slot) const = 0;
  // Whether least_score gives one: points need not be read then before it is known that they could move.
  virtual bool knows_least_scores() const = 0;
};

}  // namespace merganser::clustering
