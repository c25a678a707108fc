// Which centroids may be the nearest, by products of bytes, on every instruction set.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/clustering/byte_panels.hpp"

namespace merganser::clustering {

// Rows at once at most, and how many more there must be room for behind the last one, of anything.
constexpr size_t kHitRows = 192, kHitRowsBehind = 31;

// How far single precision's scores are from the true ones: so much of the product of the lengths, and `rest`.
struct ScoreErrors {
  float of_lengths;
  float rest;
};

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* Bit i of hits[row × panels.count + panel]: the score of that slot may be the row's greatest; slots that have it are among them. There is room for kHitRowsBehind more rows. \
     matrix_tiles: by those, of whole steps of 64 dimensions; codes of rows are without the 128 then. */ \
  void byte_hits(const ByteRows& rows, const BytePanels& panels, const ScoreErrors& errors, bool matrix_tiles, uint16_t* hits); \
  /* The slots of a row's bits, at most `room`. Returns their number. */ \
  size_t list_hits(const uint16_t* hits, size_t panels, size_t room, uint32_t* slots); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::clustering
