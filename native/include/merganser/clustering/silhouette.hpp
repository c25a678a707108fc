// Silhouettes (Rousseeuw 1987): how much nearer each point is to its own cluster than to the nearest other one, by mean distances to all of their members.
//
// What makes it fast: a distance is computed once for both of its points. Points stand in the order of their clusters, in groups: a few whole clusters, or a part of a large one. The distances of a point of
// one group to a cluster of another are summed by one thread from beginning to end, so that sums need no locks and do not depend on the number of threads; and of the sums towards other clusters only the
// least mean is kept, so that there is no matrix of points and clusters.
//
// Distances come of inner products in double precision, of points less their mean. Where too little is left of that (points nearer to each other than about a thousandth of their lengths), a distance is taken
// from the differences instead: each is within 10⁻⁹ of itself (see kRelativeError).
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace merganser::clustering {

// The cluster of each point, below `clusters`; every cluster has a point.
struct ClusterLabels {
  const uint32_t* labels;
  size_t count;
  size_t clusters;
};

struct SilhouetteControl {
  unsigned threads;
  const std::atomic<bool>* cancelled;  // may be null
  // Which part of the work is done, from any thread.
  std::function<void(double)> progress;
};

// widths[i] = (b − a) / max(a, b): a is the mean distance of point i to the others of its cluster, b the least of the means to other clusters; 0 if it is alone in its cluster, or a = b = 0. Returns the
// first row that holds a number that is not finite, and then widths are none; else SIZE_MAX. Ends early when cancelled. At least two clusters.
size_t silhouette_of_points(const float* points, size_t dims, const ClusterLabels& clusters, const SilhouetteControl& control, double* widths);

// The same by given distances: of each point to all, row by row, or (condensed) those of point 0 to 1, 2 …, of point 1 to 2, 3 …. Returns the place of the first one that is not from 0 to below
// kDistanceLimit (see linkage.hpp).
size_t silhouette_of_distances(const double* distances, bool condensed, const ClusterLabels& clusters, const SilhouetteControl& control, double* widths);

// Of one point. own: the sum of its distances to the others of its cluster, of `size` points.
double silhouette_width(double own, double nearest_mean, size_t size);

}  // namespace merganser::clustering
