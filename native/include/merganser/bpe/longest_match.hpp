// BPE of long pieces in linear time. A row of tokens is the result of BPE exactly if each can come about and all neighbours can stand side by side
// (merge_trees.hpp): what a merge loop does within two neighbours does not depend on what stands around them. So it is enough to find such
// a row: the longest token that fits behind the last one; if nothing fits, one step back, and a shorter one there. As the row that leads to a
// position is the result for the text up to there, there is but one; where nothing fits behind it, the position is dead for good.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "merganser/bpe/merge_trees.hpp"
#include "merganser/bpe/token_trie.hpp"

namespace merganser::bpe {

class LongestMatch {
 public:
  // null for a model without MergeTrees.
  static std::unique_ptr<const LongestMatch> find(const Model& model);

  // The tokens of a piece, with the bytes that each stands for, in the ids and sizes of `scratch`.
  void encode(const uint8_t* piece, size_t size, MergeScratch& scratch) const;

 private:
  class Search;
  LongestMatch(const Model& model, std::unique_ptr<const MergeTrees> trees);

  const ModelSpec& spec_;
  std::unique_ptr<const MergeTrees> trees_;
  TokenTrie trie_;
};

}  // namespace merganser::bpe
