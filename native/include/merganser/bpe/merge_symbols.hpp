// Byte-pair merging of symbols, any number of them.
#pragma once
#include <cstdint>
#include <vector>

#include "merganser/bpe/merge_short.hpp"

namespace merganser::bpe {

// Working memory of one thread.
struct MergeScratch {
  std::vector<uint32_t> ids, sizes, next, previous, ranks, removing;
  std::vector<uint64_t> heap;
  // Of LongestMatch: what it has found out about pairs of tokens, and what it chose behind a token where the longest one did not do.
  struct Choice {
    uint32_t before = kNone, longest = kNone, token = kNone;
  };
  std::vector<uint64_t> neighbours;
  std::vector<Choice> choices;
  std::vector<uint32_t> guessed;
};

// Merges scratch.ids (with scratch.sizes) until no pair is left: the lowest merge first, of equal ones the leftmost.
void merge_symbols(const MergeView& merges, MergeScratch& scratch);

}  // namespace merganser::bpe
