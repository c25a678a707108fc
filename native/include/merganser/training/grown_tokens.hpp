// From the tokens of the start and merges to all tokens.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace merganser::training {

// Token i is bytes[offsets[i], offsets[i + 1]).
struct TokenTable {
  std::vector<uint8_t> bytes;
  std::vector<uint32_t> offsets;
};

// Adds the products of `count` triples of left, right and product id that are no tokens yet. `prefix` is taken off a right part that begins with it.
// Throws std::length_error if the tokens have more than 4 GB.
void grow_tokens(TokenTable& tokens, const uint32_t* triples, size_t count, std::string_view prefix);

}  // namespace merganser::training
