// Agglomerative clustering by chains of nearest neighbours (Müllner 2011): from any cluster to its nearest one, and on, until two are each other's nearest; they become one, and the chain goes on
// from where it was. Needs no more than about three searches and one update for each point.
//
// What makes it fast: the matrix is the whole symmetric one, so that a search and the distances of a joined cluster go along rows, by vectors; only the joined cluster's column is written from
// row to row. Clusters that are gone are skipped by a second row that is infinite there, and when half of the places are such, the matrix is packed into the corner, where rows are short.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace merganser::clustering {

enum class Linkage : uint8_t { ward, average, complete };

// Distances of all pairs, those of point 0 to 1, 2 … first.
struct CondensedDistances {
  const double* data;
  size_t points;
};

// Distances are below this, that no sum of squares overflows.
constexpr double kDistanceLimit = 1e100;

// Merges in the order in which the chain finds them, points − 1 of them: pairs[2 i] < pairs[2 i + 1] are points of both clusters, heights[i] is the distance of these. Of equally near clusters the one
// before in the chain is taken, else the one of the lowest number; a cluster has the number of its last point. Returns the place of the first number that is no distance, and then writes
// nothing; else SIZE_MAX. Ends early when cancelled. Needs 8 points² bytes.
size_t link_clusters(const CondensedDistances& distances, Linkage linkage, const std::atomic<bool>* cancelled, uint32_t* pairs, double* heights);

}  // namespace merganser::clustering
