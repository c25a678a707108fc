// Scores of clusters by centroids of one byte, for many queries.
#pragma once
#include "merganser/attention/lookup.hpp"

namespace merganser::attention {

// From so many queries on panels are worth packing. More than those whose logits are kept for estimates.
constexpr size_t kFewestByteQueries = 24;

// scores[cluster] for the first `count` clusters, whose centroids are `rows`; those of size 0 are not looked at. Does not depend on the number of threads.
void byte_scores(const RowsToAttend& rows, const ClusterSizes& clusters, size_t count, const UnitQueries& voters, unsigned threads, float* scores);

}  // namespace merganser::attention
