// Clustering by density peaks (Rodriguez & Laio 2014), with density from the nearest neighbours (Du et al. 2016).
#pragma once
#include "merganser/reduction/token_rows.hpp"

namespace merganser::reduction {

// A token's density is exp(−mean of the `neighbours` least squared distances, its own 0 included, / dims); its score is density × distance to the nearest denser token (of equal densities the
// first is denser); the densest scores highest; where densities would vanish, both are compared by their logarithms. The tokens of the greatest scores, of equal ones the first, are the peaks: their numbers, ascending. source: for each token the peak that it is
// nearest to. 1 ≤ neighbours, peaks ≤ tokens. Returns the greatest magnitude of the numbers, or 0 for any below kMostMagnitude; where it is not below that, nothing else is done.
float density_peaks(const TokenRows& tokens, size_t neighbours, size_t peaks, unsigned threads, uint32_t* numbers, uint32_t* source);

}  // namespace merganser::reduction
