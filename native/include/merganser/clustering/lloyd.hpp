// Lloyd's algorithm, exactly: every iteration assigns each point to its nearest centroid (of equally near ones that with the lowest id) and then moves each
// centroid to the mean of its points. The same input gives the same bits on any number of threads and instruction set, with bounds or without.
//
// What makes it fast: assignment is a fused product and argmax over packed panels (score_panels), from the third iteration on only where bounds leave a
// choice (bounded_assignment), and sums change only by the points that moved (cluster_sums).
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "merganser/clustering/point_blocks.hpp"

namespace merganser::clustering {

struct LloydSpec {
  PointSet points;
  size_t clusters;
  const uint8_t* frozen;  // per cluster: it is not moved; null: none
  bool spherical;         // points and centroids have unit length
  uint32_t max_iterations;
  double tolerance;     // ends when an iteration improves the objective by no more than this part of it; negative: never
  size_t bounds_bytes;  // memory that bounds may take; more is done without
  unsigned threads;
  const std::atomic<bool>* cancelled;  // looked at now and then; null: never
};

enum class StopReason : uint8_t { converged, tolerance, max_iterations, cancelled };

struct LloydOutcome {
  StopReason reason;
  std::vector<double> objectives;  // of each iteration: Σ weight × squared distance to the centroids that it began with
  double objective;                // of the result
};

// centroids: clusters × dims, in and out. labels: one per point, nearest to the centroids of the result.
// `goes_on` is called after each iteration with its number and objective, and tells whether to go on. Throws NotFinite.
LloydOutcome lloyd(const LloydSpec& spec, float* centroids, uint32_t* labels, const std::function<bool(uint32_t, double)>& goes_on);

}  // namespace merganser::clustering
