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
  const float* most_rest;  // by panel: the greatest of its slots'
};

// A head is the first dimensions of a token. ⟨x, y⟩ is at most the product of the heads and ‖rest of x‖ ‖rest of y‖ (Cauchy–Schwarz): of tokens that are far less alike than the nearest ones this says so
// already.
struct ByteHeads {
  size_t groups;             // of four dimensions; 0: nothing is known of heads
  const float* row_rests;    // at least ‖rest‖, times what makes a score of it
  const float* panel_rests;  // the same, the greatest of each panel
  const int32_t* starts;     // per slot: 128 × the sum of the codes behind the head
};

// The greatest of the scales that a pair of panels has, by pair: where scores are nothing but products, sums themselves are compared then. Null: scores are.
struct PairScales {
  const float* most;
};

// Where the rows stand among all of those that are compared. Tokens at the same place are often alike: the sooner a great score is found, the fewer candidates there are meanwhile.
struct RowPlaces {
  size_t first, of;
};

constexpr size_t kRowsBehind = 32;
// Below all scores, and above those of slots that only fill a panel.
constexpr float kLowestFloor = -2e38f;

// Slots that may have the greatest score of a row.
struct Candidates {
  static constexpr size_t kMost = 48;
  uint32_t slots[kMost];
  float highest[kMost];  // what the score is at most
  uint32_t count;        // kMost + 1: more than there is room for
};

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* Whether tokens of so many dimensions take less time with scales that pairs of panels share. */ \
  bool compares_sums(size_t dims); \
  /* floors: for each row what its greatest score is at least; before, what is known of that, or kLowestFloor. Behind the rows there is room for kRowsBehind more, of anything. matrix_tiles: by those, of whole steps of 64 dimensions and without heads; codes are of whole pairs of panels then, and rows of −127 … 127 (without the 128). */ \
  void byte_candidates(const clustering::ByteRows& rows, const clustering::BytePanels& panels, const ByteMargins& margins, const ByteHeads& heads, const PairScales& pairs, const RowPlaces& places, bool matrix_tiles, \
                       Candidates* candidates, float* floors); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::reduction
