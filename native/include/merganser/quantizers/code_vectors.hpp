// Vectors as the numbers of rows of codebooks, and back.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "merganser/clustering/point_blocks.hpp"

namespace merganser::quantizers {

struct Codebook {
  const float* rows;
  size_t codes;
  size_t dims;
  size_t place;  // where in a vector its rows belong
};

struct CodingControl {
  unsigned threads;
  const std::atomic<bool>* cancelled;           // looked at now and then; null: never
  std::function<void(size_t)> done;             // hears of vectors that are done, from any thread
};

// What codes are of.
enum class CodeKind : uint8_t {
  part,  // of each part of a vector the nearest code; parts stand one after the other
  rest,  // of what those before left; `beam` partial sums are kept
};

// codes: vector by vector, one of each codebook. Of equally good ones the lowest (of sums: the one found first). Throws NotFinite.
void encode_vectors(const clustering::PointSet& points, const std::vector<Codebook>& codebooks, CodeKind kind, size_t beam, const CodingControl& control,
                    uint32_t* codes);

// out: vectors of `dims`. Sums in the order of the codebooks; each number is in at least one codebook's place. Codes are below their codebooks' sizes.
void decode_codes(const uint32_t* codes, size_t count, const std::vector<Codebook>& codebooks, size_t dims, const CodingControl& control, float* out);

}  // namespace merganser::quantizers
