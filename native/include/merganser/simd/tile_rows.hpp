// Rows of a tile that stand one after the other. For kernels only (*.isa.cpp).
#pragma once
#include "merganser/simd/floats16.hpp"

namespace merganser::simd::MERGANSER_ISA_NS {

// A number of each row at a time. A pointer for every four rows: the addresses in between are sums, and so all fit into registers.
template <int kRows = kTileRows>
class TileRows {
 public:
  MERGANSER_INLINE TileRows(const float* first, size_t stride) : stride_(stride) {
#pragma GCC unroll 3
    for (size_t group = 0; group < kGroups; ++group) groups_[group] = first + 4 * group * stride;
  }
  MERGANSER_INLINE float at(size_t row) const { return groups_[row / 4][row % 4 * stride_]; }
  MERGANSER_INLINE void next() {
#pragma GCC unroll 3
    for (size_t group = 0; group < kGroups; ++group) ++groups_[group];
  }

 private:
  static constexpr size_t kGroups = (kRows + 3) / 4;
  size_t stride_;
  const float* groups_[kGroups];
};

}  // namespace merganser::simd::MERGANSER_ISA_NS
