// All scores of some tokens by products of bytes, on every instruction set.
#pragma once
#include <cstddef>

#include "merganser/clustering/byte_panels.hpp"

namespace merganser::reduction {

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* Whether bytes take so much less time than words of 16 bits that what they leave open may be found by words. */ \
  bool bytes_before_words(); \
  /* out[row × stride + i] = about ⟨row, slot i⟩ + half of the slot, for the rows and the slots of panels [panel, panel + count). Behind the rows there is room for kRowsBehind more, of anything. */ \
  void byte_scores(const clustering::ByteRows& rows, const clustering::BytePanels& panels, size_t panel, size_t count, float* out, size_t stride); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::reduction
