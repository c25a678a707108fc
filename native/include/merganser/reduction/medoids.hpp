// Tokens that stand for others: deterministic k-medoids.
//
// Distances of all pairs decide, but few of them narrowly: where two bytes a number and a bound of what they leave out tell which is the least or the greatest, that is the answer, and only what is left open is computed
// in single precision. The answers are those of the matrix of all distances.
#pragma once
#include <cstdint>

#include "merganser/reduction/token_rows.hpp"

namespace merganser::reduction {

// chosen: `medoids` tokens, ascending. source: for each token the place of its nearest one. `cosine`: by 1 − cosine instead of Euclidean distances. Returns the greatest magnitude of the
// numbers, or 0 for any below kMostMagnitude; where it is not below that, nothing else is done.
float find_medoids(const TokenRows& tokens, bool cosine, size_t most_iterations, size_t medoids, unsigned threads, uint32_t* chosen, uint32_t* source);

}  // namespace merganser::reduction
