// How each token comes about, and whether two tokens can stand side by side.
//
// BPE of a token's own bytes ends with one merge of two tokens, which come about likewise: a tree whose leaves are units, the same wherever the token
// appears. A token that merging its own bytes does not give back has none; it never appears.
//
// Two tokens stand side by side in a result exactly if no merge across the boundary between them came first. Only the last symbol of the left
// one and the first of the right one can merge across, so it is enough to follow these two back in time, from tokens to units, and to ask of each pair
// that has met whether its merge would have come before the next that touches either of them. That takes a merge's number for its time, which holds
// where a tree's numbers rise towards its root. Where they do not (Llama 3 has 81 such tokens, Gemma 3 has 583, runs of spaces among them) the
// token is called odd, and whether it can stand beside another is found out by merging the text of both.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "merganser/bpe/pair_table.hpp"

namespace merganser::bpe {

class Model;
struct MergeScratch;

class MergeTrees {
 public:
  // null for a model that they do not describe: text may be unknown, or symbols are not what they are spelt. Keeps a reference to the model.
  static std::unique_ptr<const MergeTrees> find(const Model& model);

  bool side_by_side(uint32_t left, uint32_t right, MergeScratch& scratch) const;
  // Tokens of which text can consist, but for the bytes that characters without a token fall back to.
  const std::vector<uint32_t>& tokens() const { return tokens_; }

 private:
  struct Tree {
    uint32_t left = kNone, right = kNone;
    uint32_t time = kNone;  // number of the merge at the root, plus 1; 0: a unit; kNone: there is no tree
    bool odd = false;
    bool fallback = false;  // a byte of a character without a token: merges with nothing, and is not spelt as what it stands for
  };
  struct Merge {
    uint32_t left, right, number, product;
  };
  explicit MergeTrees(const Model& model);
  void plant_units();
  bool grow();
  bool is_concatenation(const Merge& merge) const;
  bool add(const Merge& merge, MergeScratch& scratch);
  // No merge across the boundary came while both tokens were made, nor would one before `before` afterwards. Not for odd tokens.
  bool apart(uint32_t left, uint32_t right, uint32_t before) const;

  const Model& model_;
  const PairView pairs_;
  std::vector<Tree> trees_;
  std::vector<uint32_t> tokens_;
};

}  // namespace merganser::bpe
