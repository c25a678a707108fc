// Merging of up to 64 symbols on registers and the stack. One source, compiled once per instruction set.
#pragma once
#include <cstdint>

#include "merganser/bpe/pair_table.hpp"
#include "merganser/simd/instruction_set.hpp"

namespace merganser::bpe {

struct MergeView {
  PairView pairs;
  // Products of the merges that are numbered below `listed`; of all others the number is their product's, counted from there (merge_numbers.hpp).
  const uint32_t* products;
  uint32_t listed;

  MERGANSER_INLINE uint32_t product(uint32_t merge) const { return merge < listed ? products[merge] : merge - listed; }
};

constexpr uint32_t kShort = 64;

// Merges ids[0..count), 2 <= count <= kShort, until no pair is left. The bits of the result are the positions that survive; ids[] there are
// the tokens.
#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  uint64_t merge_short(const MergeView& view, uint32_t* ids, uint32_t count); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::bpe
