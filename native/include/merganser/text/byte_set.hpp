// The next byte of a text that belongs to a set.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/simd/instruction_set.hpp"

namespace merganser::text {

// One bit for each byte, as vectors look it up: by its low half, the bits of the eight high halves from 0 and from 8 on.
struct ByteSet {
  alignas(16) uint8_t low[16] = {}, high[16] = {};

  void add(uint8_t byte) { (byte < 0x80 ? low : high)[byte & 15] |= static_cast<uint8_t>(1u << (byte >> 4 & 7)); }
};

// The place of the first at or behind `from`, or `size`.
#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  size_t find_in_set(const ByteSet& set, const uint8_t* text, size_t from, size_t size); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE
// With the processor's best.
size_t find_in_set(const ByteSet& set, const uint8_t* text, size_t from, size_t size);

}  // namespace merganser::text
