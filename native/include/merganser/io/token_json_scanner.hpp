// The vocabulary and the merges of a tokenizer.json, read from its bytes: all but a few hundred bytes of the file, and most of the time that loading it takes.
//
// Only as libraries write them. Whatever is out of the ordinary, and every fault, gives nothing: then the file is read the slow way, which has the words for it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "merganser/io/token_json.hpp"

namespace merganser::io {

// Well-formed UTF-8.
struct Json {
  const uint8_t* bytes;
  size_t size;
};

struct ScannedVocabulary {
  std::vector<uint8_t> bytes;     // all tokens in order of their ids, which are all different
  std::vector<uint32_t> offsets;  // ids + 1; an id that no token has is empty
  size_t end;                     // behind the object
};
// {"token": id, …} from `at` on, which is not beyond the end.
std::optional<ScannedVocabulary> scan_vocabulary(const Json& json, size_t at);

struct ScannedMerges {
  std::vector<uint32_t> triples;  // left, right, product
  size_t end;
};
// [["a", "b"], …] or ["a b", …] of tokens whose concatenations are tokens too. `count` ids have places in `tokens`.
std::optional<ScannedMerges> scan_merges(const Json& json, size_t at, const TokenTable& tokens, size_t count);

}  // namespace merganser::io
