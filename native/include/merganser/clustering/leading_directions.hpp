// Directions in which points differ most, as unit vectors that are nearly orthogonal: some steps of subspace iteration on the covariance of a sample.
#pragma once
#include <vector>

#include "merganser/clustering/point_blocks.hpp"

namespace merganser::clustering {

// count × dims numbers, the leading direction first.
std::vector<float> leading_directions(const PointBlocks& points, size_t count, unsigned threads);

// Frobenius norm of what keeps the directions' products from the identity.
double orthogonality_defect(const std::vector<float>& directions, size_t dims);

}  // namespace merganser::clustering
