// The numbers that a list's merges go by. Any numbers will do that are in the list's order; so the best is one that tells the product, for which else every step of
// merging waits for a table of megabytes.
//
// Lists of real tokenizers come in the order of their products' ids, all pairs that make one token beside each other, save for a few at the beginning (of
// Llama 2's 58,980 merges the first 104, of Gemma's 580,604 the first 1,396). These few keep their places as numbers and have a table of products; each of the
// others gets the id of its product, behind them.
//
// Then the pairs that make one token have one number. That changes nothing, as only one of them can ever stand side by side in a text: say (a, b) does, and both make t.
// No merge has reached across the ends of t's text so far, so what happened within is what BPE does with that text alone, and there (a, b) are all that is left,
// so it is with them that it ends. It ends in one way only. The argument needs that a text becomes symbols in one way and that a product is spelt as its parts.
#pragma once
#include <cstdint>
#include <vector>

#include "merganser/bpe/model_spec.hpp"

namespace merganser::bpe {

class MergeNumbers {
 public:
  // Of a model without a list: all merges go by their products.
  MergeNumbers() = default;
  // `unambiguous`: a text becomes symbols in one way, and these merge in the order of the list.
  MergeNumbers(const ModelSpec& spec, bool unambiguous);
  // The products of the merges that go by their places.
  explicit MergeNumbers(std::vector<uint32_t> listed) : listed_(std::move(listed)) {}

  uint32_t number(size_t place, uint32_t product) const {
    return static_cast<uint32_t>(place < listed_.size() ? place : listed_.size() + product);
  }
  uint32_t product(uint32_t number) const { return number < listed_.size() ? listed_[number] : number - static_cast<uint32_t>(listed_.size()); }
  const std::vector<uint32_t>& listed() const { return listed_; }

 private:
  std::vector<uint32_t> listed_;
};

}  // namespace merganser::bpe
