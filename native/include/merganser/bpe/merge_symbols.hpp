// Byte-pair merging of symbols, any number of them.
#pragma once
#include <cstdint>
#include <vector>

#include "merganser/bpe/merge_short.hpp"
#include "merganser/bpe/merge_windows.hpp"

namespace merganser::bpe {

// Working memory of one thread.
struct MergeScratch {
  std::vector<uint32_t> ids, sizes, next, previous, ranks, removing;
  std::vector<uint64_t> heap;
  MergeWindows windows;
};

// Merges scratch.ids (with scratch.sizes) until no pair is left: the lowest merge first, of equal ones the leftmost.
void merge_symbols(const MergeView& merges, MergeScratch& scratch);
// The same without windows: n log n.
void merge_in_one(const MergeView& merges, MergeScratch& scratch);

}  // namespace merganser::bpe
