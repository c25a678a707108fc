// Vectors as the numbers of rows of codebooks, and back.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <vector>

#include "merganser/clustering/point_blocks.hpp"
#include "merganser/quantizers/decoded_rows.hpp"

namespace merganser::quantizers {

// A code that its codebook does not have.
struct NoSuchCode : std::runtime_error {
  NoSuchCode() : std::runtime_error("no such code") {}
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

// out: vectors of `dims`. Codebooks are of parts, one after the other, that make up a vector, or all of whole vectors, which are summed in their order. Throws NoSuchCode.
void decode_codes(const uint32_t* codes, size_t count, const std::vector<Codebook>& codebooks, size_t dims, const CodingControl& control, float* out);

}  // namespace merganser::quantizers
