// Byte-pair merging of symbols, any number of them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "merganser/bpe/merge_short.hpp"
#include "merganser/bpe/merge_windows.hpp"
#include "merganser/bpe/stop_rule.hpp"

namespace merganser::bpe {

// Working memory of one thread.
struct MergeScratch {
  std::vector<uint32_t> ids, sizes, next, previous, ranks, removing;
  std::vector<uint64_t> heap;
  MergeWindows windows;
  // Merging of many symbols ends without any, once this says that it is cancelled.
  StopRule stop;
  size_t bytes = 0;  // of the piece

  // Tells that some of so many symbols are merged. True if merging is to end: nothing is left then.
  bool stopped(size_t done, size_t symbols) {
    if (symbols < kHeard) return false;
    if (stop.merged) (*stop.merged)(bytes * done / symbols);
    if (!stop.is_cancelled()) return false;
    ids.clear();
    sizes.clear();
    return true;
  }
  // The same while symbols are read, at a byte beyond `heard`, which moves on.
  bool reading_stopped(size_t at, size_t& heard) {
    heard = at + kHeard;
    return stopped(0, at);
  }
  // How many steps of merging lie between two calls of that, at least; fewer symbols are merged to the end.
  static constexpr size_t kHeard = size_t{1} << 14;
};

// Merges scratch.ids (with scratch.sizes) until no pair is left: the lowest merge first, of equal ones the leftmost.
void merge_symbols(const MergeView& merges, MergeScratch& scratch);
// The same without windows: n log n.
void merge_in_one(const MergeView& merges, MergeScratch& scratch);

}  // namespace merganser::bpe
