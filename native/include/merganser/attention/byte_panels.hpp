// Rows of one byte as kernels multiply them with many queries: panels [pair of dimensions][16 rows][2], or for matrix tiles (simd/matrix_tiles.hpp) two panels together, [four dimensions][32 rows][4].
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "merganser/simd/inline.hpp"

namespace merganser::attention {

constexpr size_t kBytePanel = 16;
// Bytes of a panel for a pair of dimensions.
constexpr size_t kPairBytes = 2 * kBytePanel;

constexpr size_t pairs_of(size_t dims) { return (dims + 1) / 2; }

// Row number `lane` of a panel. Without a last dimension it is 0.
MERGANSER_INLINE void pack_byte_row(const uint8_t* row, size_t dims, size_t lane, int8_t* panel) {
  int8_t* to = panel + 2 * lane;
  for (size_t dim = 0; dim + 1 < dims; dim += 2, to += kPairBytes) {
    to[0] = static_cast<int8_t>(row[dim]);
    to[1] = static_cast<int8_t>(row[dim + 1]);
  }
  if (dims % 2 == 1) to[0] = static_cast<int8_t>(row[dims - 1]), to[1] = 0;
}

// The same for matrix tiles: row number `lane` of two panels. Dimensions are padded with zeros to whole steps of tiles.
constexpr size_t kByteStep = 64, kByteColumns = 2 * kBytePanel;

constexpr size_t byte_steps_of(size_t dims) { return (dims + kByteStep - 1) / kByteStep; }

MERGANSER_INLINE void pack_byte_column(const uint8_t* row, size_t dims, size_t lane, int8_t* panels) {
  for (size_t dim = 0; dim < byte_steps_of(dims) * kByteStep; dim += 4) {
    int8_t* const to = panels + dim * kByteColumns + 4 * lane;
    if (dim + 4 <= dims) std::memcpy(to, row + dim, 4);
    else for (size_t i = 0; i < 4; ++i) to[i] = dim + i < dims ? static_cast<int8_t>(row[dim + i]) : int8_t{0};
  }
}

}  // namespace merganser::attention
