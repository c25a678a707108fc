// How much of a unit's attention goes to each cluster, by its centroid and its size.
#pragma once
#include <vector>

#include "merganser/attention/units.hpp"

namespace merganser::attention {

// A multiple of 16, with room for the 32 logits that tiles write from each of `count` on.
inline size_t with_room(size_t count) { return (count + 47) / 16 * 16; }

// Clusters of a stream, as kernels take them: [with_room(clusters)].
struct ClusterSizes {
  std::vector<float> sizes;       // 0 for what is empty, or in a group that was left out
  std::vector<float> hidden;      // 0, or kUnseen for those
  std::vector<float> log_counts;  // log₂ of the sizes, or kUnseen
};

// Of each stream, for calls that are made again and again.
std::vector<ClusterSizes> sizes_of_all(const AttentionShape& shape, const Clusters& clusters);
ClusterSizes sizes_of(const Clusters& clusters, size_t stream);

RowsToAttend centroid_rows(const Clusters& clusters, size_t stream);

// scores[cluster], by the queries of which every clusters.step-th one votes. Keeps all logits in `logits`, if that is given: [with_queries_behind(queries) × with_room(clusters)].
// Does not depend on the number of threads.
void look_up(const AttentionShape& shape, const Clusters& clusters, const Unit& unit, const UnitQueries& voters, unsigned threads, float* scores, float* logits);

}  // namespace merganser::attention
