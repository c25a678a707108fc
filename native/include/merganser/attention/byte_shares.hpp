// What goes to clusters by centroids of one byte, for many queries: the lookup of a prefill.
//
// Queries are rounded to 16 bits (byte_products.hpp). Panels of one byte are a quarter of the memory of float32 ones: all of them stay in the second cache while tile after tile of
// queries goes through them, and so do the logits of a tile, which become shares before the next tile's are computed. Matrix tiles multiply both bytes of the queries' numbers by themselves, which
// gives the same whole numbers.
#pragma once
#include "merganser/attention/byte_panels.hpp"
#include "merganser/simd/instruction_set.hpp"

namespace merganser::attention {

// An even number of panels; what is behind the last centroid is hidden and of size 0.
struct BytePanels {
  const int8_t* numbers;
  bool for_matrix_tiles;  // packed for them, two panels together; only where has_matrix_tiles()
  size_t count;
  size_t dims;
  const float* scales;
  const float* hidden;  // 0, or kUnseen for what does not count
  const float* sizes;

  size_t pairs() const { return pairs_of(dims); }
  size_t centroids() const { return count * kBytePanel; }
};

// `stride` numbers apart, a multiple of 16, with zeros behind the dimensions.
struct FloatQueries {
  const float* numbers;
  size_t stride;
  size_t count;
};

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* shares[i] += Σ over queries of 2^logit / Σ sizes[j] 2^logit[j]. memory: room for byte_shares_memory numbers. */ \
  void add_byte_shares(const BytePanels& panels, const FloatQueries& queries, float* memory, float* shares); \
  size_t byte_shares_memory(const BytePanels& panels); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::attention
