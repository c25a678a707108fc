// Products of bytes by the processor's matrix tiles (AMX): a block of 32 rows and 32 columns, 64 dimensions at a time, eleven times as fast as by VNNI. Sums are whole numbers, so they are the same
// as anybody's. For kernels only (*.isa.cpp).
//
// Columns stand as byte panels do (clustering/byte_panels.hpp): of four dimensions 32 columns after each other, four bytes each; that is the form in which the processor wants them. Compilers that
// know no registers of tiles do without.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/simd/inline.hpp"

// Defined where the class is there; has_matrix_tiles() says whether it may be used.
#if defined(__AVX512F__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__)
#define MERGANSER_KNOWS_MATRIX_TILES

namespace merganser::simd::MERGANSER_ISA_NS {

constexpr size_t kBlock = 32, kBlockDims = 64;


// The thread's tiles, 16 rows of 64 bytes each, from here to the end of the scope: 0 … 3 are sums of two times 16 rows and two times 16 columns, 4 and 5 rows, 6 and 7 columns.
class MatrixTiles {
 public:
  MERGANSER_INLINE MatrixTiles() {
    struct alignas(64) {
      uint8_t palette = 1, start = 0, reserved[14] = {};
      uint16_t bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
      uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
    } const configuration;
    asm volatile("ldtilecfg %0" : : "m"(configuration));
  }
  MERGANSER_INLINE ~MatrixTiles() { asm volatile("tilerelease"); }
  MatrixTiles(const MatrixTiles&) = delete;
  MatrixTiles& operator=(const MatrixTiles&) = delete;

  MERGANSER_INLINE void clear() { asm volatile("tilezero %tmm0\n\ttilezero %tmm1\n\ttilezero %tmm2\n\ttilezero %tmm3"); }
  // Adds the products of `steps` times 64 dimensions. kSigned: rows are −128 … 127, else 0 … 255; columns are −128 … 127.
  template <bool kSigned>
  MERGANSER_INLINE void add(const void* rows, size_t stride, const int8_t* columns, size_t steps) {
    const char *first = static_cast<const char*>(rows), *second = first + kBlock / 2 * stride;
    constexpr size_t kGroup = 4 * kBlock;
    for (size_t step = 0; step < steps; ++step) {
      asm volatile(
          "tileloadd (%0,%1,1), %%tmm4\n\ttileloadd (%2,%3,1), %%tmm6\n\ttileloadd 64(%2,%3,1), %%tmm7\n\ttileloadd (%4,%1,1), %%tmm5"
          :
          : "r"(first), "r"(stride), "r"(columns), "r"(kGroup), "r"(second)
          : "memory");
      if constexpr (kSigned) {
        asm volatile("tdpbssd %tmm6, %tmm4, %tmm0\n\ttdpbssd %tmm7, %tmm4, %tmm1\n\ttdpbssd %tmm6, %tmm5, %tmm2\n\ttdpbssd %tmm7, %tmm5, %tmm3");
      } else {
        asm volatile("tdpbusd %tmm6, %tmm4, %tmm0\n\ttdpbusd %tmm7, %tmm4, %tmm1\n\ttdpbusd %tmm6, %tmm5, %tmm2\n\ttdpbusd %tmm7, %tmm5, %tmm3");
      }
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

}  // namespace merganser::simd::MERGANSER_ISA_NS
#endif
