// Products of bytes by the processor's matrix tiles (AMX): a block of 32 rows and 32 columns, 64 dimensions at a time, eleven times as fast as by VNNI. Sums are whole numbers, so they are the same
// as anybody's. For kernels only (*.isa.cpp).
//
// Columns stand as byte panels do (clustering/byte_panels.hpp): of four dimensions 32 columns after each other, four bytes each; that is the form in which the processor wants them. Compilers that
// know no registers of tiles do without.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/simd/configured_tiles.hpp"
#include "merganser/simd/inline.hpp"

#if defined(MERGANSER_KNOWS_MATRIX_TILES)

namespace merganser::simd::MERGANSER_ISA_NS {

constexpr size_t kBlock = 32, kBlockDims = 64;

class MatrixTiles : public ConfiguredTiles {
 public:
  // Adds the products of `steps` times 64 dimensions. kSigned: rows are bytes of −128 … 127.
  template <bool kSigned = false>
  MERGANSER_INLINE void add(const uint8_t* rows, size_t stride, const int8_t* columns, size_t steps) {
    const uint8_t *first = rows, *second = rows + kBlock / 2 * stride;
    constexpr size_t kGroup = 4 * kBlock;
    for (size_t step = 0; step < steps; ++step) {
      asm volatile(
          "tileloadd (%0,%1,1), %%tmm4\n\ttileloadd (%2,%3,1), %%tmm6\n\ttileloadd 64(%2,%3,1), %%tmm7\n\ttileloadd (%4,%1,1), %%tmm5"
          :
          : "r"(first), "r"(stride), "r"(columns), "r"(kGroup), "r"(second)
          : "memory");
      if constexpr (kSigned) asm volatile("tdpbssd %tmm6, %tmm4, %tmm0\n\ttdpbssd %tmm7, %tmm4, %tmm1\n\ttdpbssd %tmm6, %tmm5, %tmm2\n\ttdpbssd %tmm7, %tmm5, %tmm3");
      else asm volatile("tdpbusd %tmm6, %tmm4, %tmm0\n\ttdpbusd %tmm7, %tmm4, %tmm1\n\ttdpbusd %tmm6, %tmm5, %tmm2\n\ttdpbusd %tmm7, %tmm5, %tmm3");
      first += kBlockDims, second += kBlockDims, columns += kBlockDims / 4 * kGroup;
    }
  }
  // sums[row × kBlock + column]
  MERGANSER_INLINE void store(int32_t* sums) const {
    asm volatile(
        "tilestored %%tmm0, (%0,%2,1)\n\ttilestored %%tmm1, 64(%0,%2,1)\n\ttilestored %%tmm2, (%1,%2,1)\n\ttilestored %%tmm3, 64(%1,%2,1)"
        :
        : "r"(sums), "r"(sums + kBlock / 2 * kBlock), "r"(kBlock * sizeof(int32_t))
        : "memory");
  }
};

// Products of numbers of two bytes each (reduction/fine_products.hpp): 0 … 3 are sums of 16 rows and two times 16 columns for each of the two weights, 6 rows, 7 columns.
class FineTiles : public ConfiguredTiles {
 public:
  // The products of the 64 dimensions of each step from `begin` to `end`: sums[weight][16][32], to which they are added unless `begin` is 0. The first bytes of a row's numbers stand `apart` before the
  // second ones, those of columns 32 times as far.
  MERGANSER_INLINE void multiply(const int8_t* rows, const int8_t* columns, size_t apart, size_t begin, size_t end, int32_t* sums) {
    constexpr size_t kGroup = 4 * kBlock, kStep = kBlockDims / 4 * kGroup;
    const size_t stride = 2 * apart, columns_apart = apart * kBlock;
#define MERGANSER_SUMS(instruction, first, second, weight) \
  asm volatile(instruction " " first "\n\t" instruction " " second : : "r"(sums + weight * (kBlock / 2 * kBlock)), "r"(kBlock * sizeof(int32_t)) : "memory")
    if (begin == 0) {
      asm volatile("tilezero %tmm0\n\ttilezero %tmm1\n\ttilezero %tmm2\n\ttilezero %tmm3");
    } else {
      MERGANSER_SUMS("tileloadd", "(%0,%1,1), %%tmm0", "64(%0,%1,1), %%tmm1", 0);
      MERGANSER_SUMS("tileloadd", "(%0,%1,1), %%tmm2", "64(%0,%1,1), %%tmm3", 1);
    }
    for (size_t step = begin; step < end; ++step) {
      const int8_t *const row = rows + step * kBlockDims, *const column = columns + step * kStep;
      // Not the second bytes of both.
#define MERGANSER_LOAD(tile, from, stride) asm volatile("tileloadd (%0,%1,1), %%" tile : : "r"(from), "r"(stride) : "memory")
#define MERGANSER_LOAD_SECOND(tile, from, stride) asm volatile("tileloadd 64(%0,%1,1), %%" tile : : "r"(from), "r"(stride) : "memory")
#define MERGANSER_BOTH(from, first, second) \
  do { \
    MERGANSER_LOAD("tmm7", from, kGroup); \
    asm volatile("tdpbssd %tmm7, %tmm6, %" first); \
    MERGANSER_LOAD_SECOND("tmm7", from, kGroup); \
    asm volatile("tdpbssd %tmm7, %tmm6, %" second); \
  } while (false)
      MERGANSER_LOAD("tmm6", row, stride);
      MERGANSER_BOTH(column, "tmm0", "tmm1");
      MERGANSER_BOTH(column + columns_apart, "tmm2", "tmm3");
      MERGANSER_LOAD("tmm6", row + apart, stride);
      MERGANSER_BOTH(column, "tmm2", "tmm3");
#undef MERGANSER_BOTH
#undef MERGANSER_LOAD_SECOND
#undef MERGANSER_LOAD
    }
    MERGANSER_SUMS("tilestored", "%%tmm0, (%0,%1,1)", "%%tmm1, 64(%0,%1,1)", 0);
    MERGANSER_SUMS("tilestored", "%%tmm2, (%0,%1,1)", "%%tmm3, 64(%0,%1,1)", 1);
#undef MERGANSER_SUMS
  }
};

}  // namespace merganser::simd::MERGANSER_ISA_NS
#endif
