// Merging of many symbols by windows that overlap, in linear time for nearly all text.
//
// What merges do within some symbols does not depend on what stands around them, as long as no merge takes part of both. So if one stretch of symbols merges to
// tokens that end with t, and a second stretch, which begins where that t does, merges to tokens that begin with t, then both together merge to the tokens of
// the first followed by those of the second behind t. (Until a merge crosses t's left end in the whole, all goes as in the first stretch alone, where none ever does;
// likewise on its right.) Each stretch may be as short as is convenient: short ones merge in turns, and text that repeats itself gives the same stretches
// again, whose tokens are remembered.
//
// Two stretches that overlap by a few tokens nearly always have a token in common. Where they do not, a longer stretch is merged that begins with a token found
// before; and where nothing helps, all symbols are merged in one go.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "merganser/bpe/merge_in_turns.hpp"

namespace merganser::bpe {

struct MergeScratch;

// Working memory of one thread, for the merges of one model: it remembers what windows became.
class MergeWindows {
 public:
  MergeWindows();
  ~MergeWindows();
  // Merges the ids of `scratch` (with their sizes) until no pair is left. False if windows do not fit each other: then `scratch` is as it was.
  // True, and nothing left, if it is stopped.
  bool merge(const MergeView& merges, MergeScratch& scratch);

 private:
  // Tokens, each with the number of the symbol it begins with, counted from the first of the window; `end` symbols in all.
  struct Row {
    std::vector<uint32_t> ids, starts;
    uint32_t end = 0;
    void clear();
    void push(uint32_t id, uint32_t start);
  };
  struct Kept {
    std::vector<uint32_t> symbols;
    Row row;
    bool holds(const uint32_t* wanted, uint32_t count) const;
  };

  // A pair whose merge was looked up lately.
  struct KnownPair {
    uint64_t key = 0;  // no pair has this
    uint32_t merge = 0;
  };

  enum class Fit { well, barely, no };
  Fit merge_batch();
  bool merge_long_window(bool& again);
  bool repair(uint32_t from, uint32_t to);
  bool append(const Row& window, uint32_t from);
  // The last token of row_ that begins at or before this symbol.
  uint32_t token_before(uint32_t symbol) const;
  const Row& merged(std::vector<Kept>& memory, uint32_t from, uint32_t to);
  void find_merges(uint32_t from, uint32_t to);
  KnownPair& known_pair(uint64_t key);
  void begin(LongTurn& turn, uint32_t from, uint32_t count, const uint32_t* merges) const;
  void keep(const LongTurn& turn, uint32_t from, uint32_t to);
  Kept& place(std::vector<Kept>& memory, uint32_t from, uint32_t count) const;
  void write(MergeScratch& scratch) const;

  const MergeView* merges_ = nullptr;
  const uint32_t* symbols_ = nullptr;
  uint32_t count_ = 0;
  Row row_;  // of all symbols so far
  std::unique_ptr<MergeScratch> inner_;
  std::vector<Kept> kept_, kept_long_;
  std::vector<LongTurn> turns_;
  std::vector<uint32_t> pair_merges_;  // of each two neighbours of a batch
  std::vector<KnownPair> known_pairs_;    // by hash
  std::vector<uint32_t> unknown_pairs_;   // numbers in pair_merges_, with whether the pair may merge as bit 0
};

}  // namespace merganser::bpe
