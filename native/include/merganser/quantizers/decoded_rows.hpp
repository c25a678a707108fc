// Codes back to vectors: rows of codebooks beside each other, or summed.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/simd/instruction_set.hpp"

namespace merganser::quantizers {

struct Codebook {
  const float* rows;
  size_t codes;
  size_t dims;
  size_t place;  // where in a vector its rows belong
};

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* Whether the codes of all rows are below the sizes of their codebooks. */ \
  bool all_known(const uint32_t* codes, size_t count, const Codebook* codebooks, size_t books); \
  /* Rows of `dims` from codes of codebooks that stand beside each other in them. */ \
  void decode_parts(const uint32_t* codes, size_t count, const Codebook* codebooks, size_t books, size_t dims, float* out); \
  /* The same of sums, in the order of the codebooks. */ \
  void decode_sums(const uint32_t* codes, size_t count, const Codebook* codebooks, size_t books, size_t dims, float* out); \
  /* A copy past the caches. */ \
  void stream_numbers(const float* from, size_t count, float* to); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::quantizers
