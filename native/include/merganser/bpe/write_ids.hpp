// Values of looked-up pieces (piece_tables.hpp) become ids, one behind the other.
#pragma once
#include <cstdint>

#include "merganser/simd/instruction_set.hpp"

namespace merganser::bpe {

// Records of results that do not fit into a value: count, ids. At least kStoredAtLeast ids can be read of each.
struct StoredIds {
  const uint32_t* kept;
  const uint32_t* temporary;
};

constexpr uint32_t kStoredAtLeast = 8;
// How many ids more than there are may be written.
constexpr uint32_t kWriteOvershoot = 16;

// With ids of 18 or 27 bits. Returns the end. `count_ids` only says how many they would be.
#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  uint32_t* write_ids18(const uint64_t* values, uint32_t count, const StoredIds& stored, uint32_t* out); \
  uint32_t* write_ids27(const uint64_t* values, uint32_t count, const StoredIds& stored, uint32_t* out); \
  uint64_t count_ids(const uint64_t* values, uint32_t count, const StoredIds& stored); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::bpe
