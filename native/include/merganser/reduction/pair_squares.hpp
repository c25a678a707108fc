// Squared distances of chosen pairs of tokens, with the bits that squared_distances has for them.
#pragma once
#include <cstdint>
#include <vector>

#include "merganser/reduction/fine_tokens.hpp"
#include "merganser/reduction/token_rows.hpp"

namespace merganser::reduction {

struct TokenPair {
  uint32_t first, second;
};

// squares[i]: of pair i; 0 of a token and itself. `fine`: the same tokens.
void pair_squares(const TokenRows& tokens, const FineTokens& fine, const TokenPair* pairs, size_t count, float* squares);

}  // namespace merganser::reduction
