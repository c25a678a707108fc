// Squared distances of all pairs of tokens as one symmetric matrix: every pair is scored once, and written both ways.
#pragma once
#include "merganser/reduction/byte_tokens.hpp"
#include "merganser/reduction/fine_tokens.hpp"
#include "merganser/reduction/token_rows.hpp"

namespace merganser::reduction {

// out[i × stride + j] = ‖token i − token j‖², zeros on the diagonal. The room behind a row's numbers, up to `stride`, is left as it is.
void squared_distances(const TokenRows& tokens, unsigned threads, float* out, size_t stride);

// The same by what two bytes a number leave of the tokens: about (see square_bounds of FineTokens).
void squared_distances(const FineTokens& tokens, size_t count, unsigned threads, float* out, size_t stride);
// And less than 0: the nearest are the greatest.
void negative_squares(const FineTokens& tokens, size_t count, unsigned threads, float* out, size_t stride);
// Of the dimensions that are there in bytes.
void negative_squares(const ByteTokens& tokens, size_t count, unsigned threads, float* out, size_t stride);

}  // namespace merganser::reduction
