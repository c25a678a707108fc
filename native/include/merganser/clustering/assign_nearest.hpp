// Points and centroids as they come: which centroid is nearest to each point.
#pragma once
#include <atomic>
#include <cstdint>

#include "merganser/clustering/point_blocks.hpp"

namespace merganser::clustering {

// Nearest of the centroids for each point, and the squared distance (null: not wanted). Throws NotFinite.
struct NearestSpec {
  PointSet points;
  bool spherical;
  const float* centroids;
  size_t clusters;
  unsigned threads;
  const std::atomic<bool>* cancelled;
};
void assign_nearest(const NearestSpec& spec, uint32_t* labels, float* distances);

}  // namespace merganser::clustering
