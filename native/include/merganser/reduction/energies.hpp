// Energies of tokens: how many others are like them (Tran et al. 2024, PiToMe).
//
// Cosines are the same both ways: pieces of rows see the columns from their own on, and count what they find for both. Long tokens' cosines are estimates, by two bytes a number with matrix tiles and by 16
// bits with VNNI or AVX2. Those of the greatest energies that are so near each other that the order of the tokens might depend on it are computed again in single precision, so that the order is everywhere the same.
#pragma once
#include "merganser/reduction/token_rows.hpp"

namespace merganser::reduction {

// Mean over all tokens of ELU(cosine − margin), itself included. The `ranked` greatest ones are in the order that they have in single precision.
void mean_elu(const TokenRows& tokens, float margin, size_t ranked, unsigned threads, double* means);

}  // namespace merganser::reduction
