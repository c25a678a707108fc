// Tokens that join others: what merging in pairs decides, from tokens to where each of them goes.
#pragma once
#include <optional>

#include "merganser/reduction/token_rows.hpp"

namespace merganser::reduction {

// Which candidates join: all with a cosine of at least `threshold`; without one the `remove` greatest, of equal ones the first.
struct Joining {
  size_t remove;
  std::optional<double> threshold;
};

// Some of `candidates` each join the most similar of `destinations`, other rows of the same tokens. source: for each of `tokens` tokens its place among those that remain, in order; one that joins has its
// destination's. Returns how many remain.
size_t join_nearest(const TokenRows& candidates, const TokenRows& destinations, const Joining& joining, size_t tokens, unsigned threads, uint32_t* source);

}  // namespace merganser::reduction
