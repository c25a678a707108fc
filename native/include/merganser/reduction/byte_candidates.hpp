// Which tokens may be the nearest, by products of bytes, on every instruction set.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/clustering/byte_panels.hpp"

namespace merganser::reduction {

// How far off a score by bytes may be: error of the row × lengths + length of the row × errors + rest, by slot.
struct ByteMargins {
  const float* lengths;
  const float* errors;
  const float* rest;
};

constexpr size_t kRowsBehind = 16;

// Slots that may have the greatest score of a row.
struct Candidates {
  static constexpr size_t kMost = 48;
  uint32_t slots[kMost];
  float highest[kMost];  // what the score is at most
  float floor;           // some score is at least that
  uint32_t count;        // kMost + 1: more than there is room for
};

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* Behind the rows there is room for kRowsBehind more, of anything. */ \
  void byte_candidates(const clustering::ByteRows& rows, const clustering::BytePanels& panels, const ByteMargins& margins, Candidates* candidates); \
  /* sums[i] += left[dim][i] × right[dim][i], one fused multiply-add after the other, for 16 of them. */ \
  void add_chains(const float* left, const float* right, size_t dims, float* sums); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::reduction
