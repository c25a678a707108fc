// Merging of many pieces of few symbols, several in turns: while the pair look-ups of one wait for memory, the others go on.
// One source, compiled once per instruction set.
#pragma once
#include <bit>
#include <cstdint>

#include "merganser/bpe/merge_short.hpp"

namespace merganser::bpe {

constexpr uint32_t kTurnSymbols = 15;

// A piece. Its symbols stand at positions 1 to kTurnSymbols, between two that merge with nothing: so a step never asks whether there is a neighbour.
// Goes in with `candidates` as in merge_short, kNone where there is none; comes out merged.
struct Turn {
  alignas(64) uint32_t candidates[kTurnSymbols + 1];
  uint32_t ids[kTurnSymbols + 2];
  uint32_t live;
  // Pairs whose lines are on their way, and where they stand.
  uint32_t left_at, right_at;
  uint64_t left_key, right_key;

  void begin(uint32_t count) {
    for (uint32_t& candidate : candidates) candidate = kNone;
    ids[0] = ids[count + 1] = kNoSymbol;
    live = (1u << (count + 2)) - 1;
  }
  // Writes what is left of the piece; returns how many these are.
  uint32_t tokens(uint32_t* out) const {
    uint32_t count = 0;
    for (uint32_t rest = live & ~1u & ~std::bit_floor(live); rest; rest &= rest - 1) out[count++] = ids[std::countr_zero(rest)];
    return count;
  }
};

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  void merge_in_turns(const MergeView& view, Turn* turns, uint32_t count); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::bpe
