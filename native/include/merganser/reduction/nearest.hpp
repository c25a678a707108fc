// Which tokens are near to which: what merging, density peaks and reconstruction decide by. All pairs are scored by the tiles of score_panels, a block of scores at a time; no matrix
// of all pairs is ever in memory.
#pragma once
#include "merganser/reduction/token_rows.hpp"

namespace merganser::reduction {

// For each token of `left` the most similar one of `right` (of equal ones the first) and its cosine, or the nearest one and its squared distance; values: null if these do not matter.
void nearest_rows(const TokenRows& left, const TokenRows& right, Similarity similarity, unsigned threads, uint32_t* columns, float* values);

// The `few` nearest tokens of `right` and their squared distances, the nearest first, of equal ones the first. few ≤ right.count.
void few_nearest(const TokenRows& left, const TokenRows& right, size_t few, unsigned threads, uint32_t* columns, float* squares);

// For each token the least squared distance to any one before it; infinity for the first.
void nearest_before(const TokenRows& tokens, unsigned threads, float* squares);

}  // namespace merganser::reduction
