// Merging of up to 64 symbols on registers and the stack. One source, compiled once per instruction set.
#pragma once
#include <cstdint>

#include "merganser/bpe/pair_table.hpp"
#include "merganser/simd/instruction_set.hpp"

namespace merganser::bpe {

struct MergeView {
  PairView pairs;
  // How merges tell their products (merge_numbers.hpp): `span` numbers from `first` on are their products', counted from there; the others have a table.
  const uint32_t* products;
  uint32_t first, span;

  MERGANSER_INLINE uint32_t product(uint32_t merge) const {
    const uint32_t id = merge - first;
    return id < span ? id : products[merge < first ? merge : merge - span];
  }
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
