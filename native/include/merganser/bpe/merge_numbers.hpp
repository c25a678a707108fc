// The numbers that a list's merges go by. Any numbers will do that are in the list's order; so the best is one that tells the product, for which else every step of
// merging waits for a table of megabytes.
//
// Lists of real tokenizers come in the order of their products' ids, all pairs that make one token beside each other, save for a few at the beginning (Gemma's runs of
// blanks) or at the end (Llama 2's). These few have a table of products and go by their places in the list; each of the others gets the id of its product,
// behind those in front:
//
//   first numbers    in front, by their places
//   span numbers     by their products
//   the rest         behind, by their places
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
  // All merges go by their products: of a model without a list.
  explicit MergeNumbers(uint32_t vocab_size) : span_(vocab_size) {}
  // `unambiguous`: a text becomes symbols in one way, and these merge in the order of the list.
  MergeNumbers(const ModelSpec& spec, bool unambiguous);
  // As they were: `first` is at most as large as the table.
  MergeNumbers(std::vector<uint32_t> listed, uint32_t first, uint32_t span) : listed_(std::move(listed)), first_(first), span_(span) {}

  uint32_t product(uint32_t number) const {
    const uint32_t id = number - first_;
    return id < span_ ? id : listed_[number < first_ ? number : number - span_];
  }
  // Products of the merges that go by their places.
  const std::vector<uint32_t>& listed() const { return listed_; }
  uint32_t first() const { return first_; }
  uint32_t span() const { return span_; }
  // All numbers are below this.
  uint32_t end() const { return span_ + static_cast<uint32_t>(listed_.size()); }
  // That of a merge of the list, for the constructor's specification.
  uint32_t number(size_t place, uint32_t product) const {
    if (place < first_) return static_cast<uint32_t>(place);
    return static_cast<uint32_t>(place < ordered_end_ ? first_ + product : place - ordered_end_ + first_ + span_);
  }

 private:
  std::vector<uint32_t> listed_;
  uint32_t first_ = 0, span_ = 0;
  size_t ordered_end_ = 0;  // in the list: what goes by its product ends here
};

}  // namespace merganser::bpe
