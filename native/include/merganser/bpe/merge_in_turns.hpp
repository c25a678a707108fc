// Merging of many pieces of few symbols, several in turns: while the pair look-ups of one wait for memory, the others go on.
// One source, compiled once per instruction set.
#pragma once
#include <cstdint>

#include "merganser/bpe/merge_short.hpp"

namespace merganser::bpe {

constexpr uint32_t kTurnSymbols = 16;

// A piece. Goes in with `ids` and `candidates` as in merge_short (kNone behind the last) and all its symbols `live`; comes out merged: the bits
// of `live` are the positions that survive.
struct Turn {
  alignas(64) uint32_t candidates[kTurnSymbols];
  uint32_t ids[kTurnSymbols];
  uint32_t live;
  // Pairs that have been asked for, and where they stand; 0: none.
  uint64_t left_key, right_key;
  uint32_t left_at, right_at;
};

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  void merge_in_turns(const MergeView& view, Turn* turns, uint32_t count); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::bpe
