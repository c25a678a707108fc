// The adjacent pairs of a batch with their counts, which are always exact: each cell knows the pair that stands there.
//
// Only pairs that come to the top have their occurrences listed. Most never do, and the first look at a batch is not spent on them: when one without a list
// is asked for, one scan over the cells lists the most frequent thousands. Lists keep what was taken away, and skip it when they are read: an
// occurrence counts if its cell still names the pair.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "merganser/parallel/huge_array.hpp"

namespace merganser::dynamic {

// What is known of a pair, as bits.
constexpr uint32_t kAllowed = 1, kForbidden = 2;
constexpr uint32_t kUnordered = 4;  // its occurrences are not in order
constexpr uint32_t kChanged = 8;    // among those whose entries in the heap are out of date
constexpr uint32_t kAsked = 16;     // among the questions that are being collected
constexpr uint32_t kListed = 32;    // has a list

struct Pair {
  uint32_t left, right;
  uint32_t count;
  uint32_t first;  // no occurrence comes before this cell
  uint32_t state;
  uint32_t size, room;  // its list
  size_t begin;
};

class PairLists {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  explicit PairLists(size_t cells);

  uint32_t size() const { return count_; }
  Pair& operator[](uint32_t pair) { return (*pairs_)[pair]; }

  // Forgets all pairs, which stand in cells [from, to) alone.
  void clear(size_t from, size_t to);
  // Ask for the memory that `count` will touch: first where the pair is found, then the pair, which needs what the one before asked for.
  void prefetch_slot(uint32_t left, uint32_t right) const { __builtin_prefetch(&(*slots_)[hash(left, right) & mask_]); }
  void prefetch_pair(uint32_t left, uint32_t right) const {
    const Slot& slot = (*slots_)[hash(left, right) & mask_];
    if (slot.pair != 0) __builtin_prefetch(&(*pairs_)[slot.pair - 1]);
  }
  // Asks for what `remove` and `add` will touch at a cell.
  void prefetch_cell(uint32_t cell) const { __builtin_prefetch(&pair_at_[cell]); }
  // Adds an occurrence behind all others of the pair, without listing it.
  void count(uint32_t left, uint32_t right, uint32_t cell);
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
  using Slots = parallel::HugeArray<Slot>;
  static uint64_t hash(uint32_t left, uint32_t right) {
    const uint64_t key = (uint64_t{left} << 32 | right) * 0x9E3779B97F4A7C15ull;
    return key ^ key >> 32;
  }
  uint32_t pair_of(uint32_t left, uint32_t right);
  void free_run(const Pair& pair);
  void grow_slots();
  void list_with(const Pair& wanted);
  size_t take_room(size_t count);
  void append(Pair& pair, uint32_t cell);
  void order(uint32_t number);

  size_t mask_;
  std::unique_ptr<Slots> slots_;  // open addressing, at most half full
  std::unique_ptr<parallel::HugeArray<Pair>> pairs_;  // with room for more than there are
  uint32_t count_ = 0;
  size_t from_ = 0, to_ = 0;                 // the batch's cells
  parallel::HugeArray<uint32_t> pair_at_;  // the number + 1 of the pair that begins in each cell; 0: none is kept
  size_t next_lists_ = 0;                  // how many pairs are listed next time
  std::unique_ptr<parallel::HugeArray<uint32_t>> listed_;  // all lists, with room for more; one that grows moves to the end
  size_t listed_end_ = 0;
};

}  // namespace merganser::dynamic
