// Merging of many pieces of few symbols, several in turns: while the pair look-ups of one wait for memory, the others go on.
// One source, compiled once per instruction set.
#pragma once
#include <bit>
#include <cstdint>

#include "merganser/bpe/merge_short.hpp"

namespace merganser::bpe {

// A piece of up to kSymbols symbols. They stand at positions 1 to kSymbols, between two that merge with nothing: so a step never asks whether there is
// a neighbour. Goes in with `candidates` as in merge_short, kNone where there is none; comes out merged.
template <uint32_t kSymbols>
struct TurnOf {
  static constexpr uint32_t kMost = kSymbols;

  alignas(64) uint32_t candidates[kSymbols + 1];
  uint32_t ids[kSymbols + 2];
  uint64_t live;
  // Pairs whose lines are on their way, and where they stand.
  uint32_t left_at, right_at;
  uint64_t left_key, right_key;

  void begin(uint32_t count) {
    for (uint32_t& candidate : candidates) candidate = kNone;
    ids[0] = ids[count + 1] = kNoSymbol;
    live = (uint64_t{1} << (count + 2)) - 1;
  }
  // Writes what is left of the piece; returns how many these are.
  uint32_t tokens(uint32_t* out) const {
    uint32_t count = 0;
    for (uint64_t rest = live & ~uint64_t{1} & ~std::bit_floor(live); rest; rest &= rest - 1) out[count++] = ids[std::countr_zero(rest)];
    return count;
  }
};

using Turn = TurnOf<15>;
using LongTurn = TurnOf<31>;

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  void merge_in_turns(const MergeView& view, Turn* turns, uint32_t count); \
  void merge_in_long_turns(const MergeView& view, LongTurn* turns, uint32_t count); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::bpe
