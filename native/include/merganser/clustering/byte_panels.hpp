// Vectors as bytes.
//
// Rows are whole numbers of −127 … 127 plus 128 (AVX2: −63 … 63 plus 64), centroids −127 … 127. Panels stand in pairs: pair[four dimensions][which][16][4]; an odd one has a partner
// that is never looked at. Vectors are padded with zeros (rows with what is added) to four dimensions.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/clustering/score_panels.hpp"

namespace merganser::clustering {

constexpr size_t kByteGroup = 4;
// Sums stay below 2³¹.
constexpr size_t kMostByteDims = 65536;

// Of a block. A row is about scale × (codes − row_offset()).
struct ByteRows {
  const uint8_t* codes;
  size_t stride;
  const float* scales;
  const float* errors;   // length of what rounding took away
  const float* lengths;  // ‖x‖, rounded up
  size_t count;
};

struct BytePanels {
  const int8_t* codes;
  const int32_t* starts;  // per slot: −row_offset() × the sum of its codes
  const float* scales;    // per slot
  const float* halves;    // per slot: −½‖c‖²
  const float* lengths;   // per panel: the greatest length of the rounded centroids
  const float* errors;    // per panel: the greatest length of what rounding took away
  size_t count;
  size_t groups;  // of four dimensions
};

// either: of a centroid, which are those of a row if row_offset() is added.
enum class ByteCodes : uint8_t { row, centroid, either };

struct ByteForm {
  float scale;
  float error;
};

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* Whether products of bytes are faster than those of float32 here. */ \
  bool multiplies_bytes(); \
  /* Whether they are faster at least where few of them are looked at again. */ \
  bool screens_by_bytes(); \
  /* Whether to find the nearest of so many centroids takes less time with bytes first than with all scores. */ \
  bool bytes_before_scores(size_t dims, size_t slots); \
  /* What is added to the whole numbers of rows. */ \
  uint8_t row_offset(); \
  /* Rounds a vector (matrix tiles take rows as centroids). `length`: at least ‖row‖. */ \
  ByteForm to_bytes(const float* row, size_t dims, float length, ByteCodes kind, uint8_t* codes); \
  /* The same with numbers of up to `most` in view, or the row's own greatest if that is more: a scale that several rows share. */ \
  ByteForm to_bytes_below(const float* row, size_t dims, float most, float length, ByteCodes kind, uint8_t* codes); \
  /* Makes a panel of the codes of 16 vectors, `groups` of four dimensions each, one behind the other, and their starts. */ \
  void pack_byte_panel(const int8_t* rows, size_t groups, size_t panel, int8_t* panels, int32_t* starts); \
  int32_t dot_of_bytes(const uint8_t* row, const int8_t* centroid, size_t count); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::clustering
