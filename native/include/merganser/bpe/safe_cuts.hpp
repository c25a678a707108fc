// Where text without a pre-tokenizer may be cut although merges run over all of it (SentencePiece-style models: Llama 2, Gemma).
//
// A merge across the place between two characters makes a token that holds the two side by side. So where no product of any merge holds
// them side by side nothing can ever merge across, and BPE of the left and of the right part, one after the other, is BPE of the whole. In
// these vocabularies no product holds a space after another character, joins a letter to punctuation, or joins digits: the text falls into pieces
// of about a word, which repeat, and the cache of pieces does for them what it does for pre-tokenized text. Characters are compared whole,
// so the argument needs a model whose symbols are whole characters (or bytes that no merge touches).
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "merganser/bpe/model.hpp"

namespace merganser::bpe {

class SafeCuts {
 public:
  // null where the argument does not hold for the model.
  static std::unique_ptr<SafeCuts> find(const Model& model);

  // Cuts text[position, end) into pieces: writes the offsets of their ends from `base`, `capacity` of them at most, and moves `position` behind
  // the last. The end of the text ends a piece.
  uint32_t scan(const uint8_t*& position, const uint8_t* end, const uint8_t* base, uint32_t* ends, uint32_t capacity) const;

 private:
  SafeCuts() = default;
  bool may_join(uint32_t left, uint32_t right) const {
    if (left < 128 && right < 128) return ascii_[left][right >> 6] >> (right & 63) & 1;
    const uint32_t hash = pair_hash(left, right);
    return pairs_[hash >> 6] >> (hash & 63) & 1;
  }
  uint32_t pair_hash(uint32_t left, uint32_t right) const {
    return ((left * 0x9E3779B1u) ^ (right * 0x85EBCA77u)) * 0xC2B2AE3Du >> pair_shift_;
  }
  void add(uint32_t left, uint32_t right);

  std::array<std::array<uint64_t, 2>, 128> ascii_{};
  std::vector<uint64_t> pairs_;   // a Bloom filter with one hash: a false "may join" costs a longer piece, nothing else
  uint32_t pair_shift_ = 0;
};

}  // namespace merganser::bpe
