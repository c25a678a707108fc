// Tokens and merges as tokenizer.json has them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace merganser::io {

// Token i is bytes[offsets[i], offsets[i + 1]), UTF-8.
struct TokenTable {
  const uint8_t* bytes;
  const uint32_t* offsets;
};

// {"token":id,…} for these ids, in this order (null: 0, 1, …); indented as Hugging Face does it if `pretty`.
std::vector<uint8_t> vocabulary_json(const TokenTable& tokens, const uint32_t* ids, size_t count, bool pretty);
// [["left","right"],…] for `count` triples of left, right and product id.
std::vector<uint8_t> merges_json(const TokenTable& tokens, const uint32_t* triples, size_t count, bool pretty);

}  // namespace merganser::io
