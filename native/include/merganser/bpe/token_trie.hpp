// Tokens as a trie over their bytes. Nodes stand in order of depth, so that those below one node are neighbours.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "merganser/bpe/model_spec.hpp"

namespace merganser::bpe {

class TokenTrie {
 public:
  // `tokens`: not empty, no two spelt alike.
  TokenTrie(const ModelSpec& spec, std::vector<uint32_t> tokens);

  // The longest token that `text` begins with, kNone if there is none.
  uint32_t longest(const uint8_t* text, size_t size) const;
  // The longest token that the text of this one begins with, itself aside, kNone if there is none.
  uint32_t shorter(uint32_t token) const { return shorter_[token]; }

 private:
  struct Node {
    uint32_t first_child;
    uint32_t token;  // that ends here, or kNone
  };
  uint32_t child(uint32_t node, uint8_t byte) const;

  std::vector<Node> nodes_;          // and one behind the last
  std::vector<uint8_t> label_;       // the byte that leads to each node; the node with most tokens below it stands before its sisters
  std::array<uint32_t, 256> roots_;  // the nodes of depth 1 by byte, or kNone
  std::vector<uint32_t> shorter_;
};

}  // namespace merganser::bpe
