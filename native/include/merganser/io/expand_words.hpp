// Words that a bit stands for each, put into their places.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/simd/instruction_set.hpp"

namespace merganser::io {

// words[i] becomes the next of `present` for each i < count whose bit is set; the others stay as they are. Bits beyond, up to a whole byte, are 0.
#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  void expand_words(const uint8_t* bits, size_t count, const uint8_t* present, uint64_t* words); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE
// With the processor's best.
void expand_words(const uint8_t* bits, size_t count, const uint8_t* present, uint64_t* words);

}  // namespace merganser::io
