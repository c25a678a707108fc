// The adjacent pairs of a batch, each with its occurrences as a doubly linked list through the cells: one more or one less costs the same everywhere, so
// that counts are always exact.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "merganser/parallel/huge_array.hpp"

namespace merganser::dynamic {

// What is known of a pair, as bits.
constexpr uint32_t kAllowed = 1, kForbidden = 2;
constexpr uint32_t kUnordered = 4;  // its occurrences are not in order
constexpr uint32_t kChanged = 8;    // among those whose entries in the heap are out of date
constexpr uint32_t kAsked = 16;     // among the questions that are being collected

struct Pair {
  uint32_t left, right;
  uint32_t count;
  uint32_t first;  // no occurrence comes before this cell
  uint32_t state;
  uint32_t head, tail;
};

class PairLists {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  explicit PairLists(size_t cells);

  uint32_t size() const { return static_cast<uint32_t>(pairs_.size()); }
  Pair& operator[](uint32_t pair) { return pairs_[pair]; }

  // Forgets all pairs, which stand in cells [from, to) alone.
  void clear(size_t from, size_t to);
  // Ask for the memory that `add` will touch: first where the pair is found, then the pair, then the end of its list. Each needs what the one before
  // asked for.
  void prefetch_slot(uint32_t left, uint32_t right) const { __builtin_prefetch(&slots_[hash(left, right) & mask_]); }
  void prefetch_pair(uint32_t left, uint32_t right) const {
    const Slot& slot = slots_[hash(left, right) & mask_];
    if (slot.pair != 0) __builtin_prefetch(&pairs_[slot.pair - 1]);
  }
  void prefetch_tail(uint32_t left, uint32_t right) const {
    const Slot& slot = slots_[hash(left, right) & mask_];
    if (slot.pair != 0) __builtin_prefetch(&links_[pairs_[slot.pair - 1].tail]);
  }
  // Asks for what `remove` and `add` will touch at a cell.
  void prefetch_cell(uint32_t cell) const { __builtin_prefetch(&links_[cell]); }
  // Adds an occurrence; the pair.
  uint32_t add(uint32_t left, uint32_t right, uint32_t cell);
  // Takes away the occurrence at a cell, if one is kept there.
  void remove(uint32_t cell);
  // Makes `first` exact. The pair has occurrences.
  uint32_t settle_first(uint32_t pair);
  // Takes away all occurrences, which come in order.
  void take_all(uint32_t pair, std::vector<uint32_t>& cells);

 private:
  struct Slot {
    uint32_t tag;   // the high bits of the hash
    uint32_t pair;  // its number + 1; 0: free
  };
  // Where a cell's occurrence stands in its pair's list. Cell 0 is a wall, and stands for none.
  struct Link {
    uint32_t pair;  // its number + 1; 0: none is kept
    uint32_t before, after;
  };
  static uint64_t hash(uint32_t left, uint32_t right) {
    const uint64_t key = (uint64_t{left} << 32 | right) * 0x9E3779B97F4A7C15ull;
    return key ^ key >> 32;
  }
  uint32_t pair_of(uint32_t left, uint32_t right);
  void free_run(const Pair& pair);
  void grow();
  void order(Pair& pair);

  size_t mask_;
  std::vector<Slot> slots_;  // open addressing, at most half full
  std::vector<Pair> pairs_;
  parallel::HugeArray<Link> links_;
  std::vector<uint32_t> sorted_;
};

}  // namespace merganser::dynamic
