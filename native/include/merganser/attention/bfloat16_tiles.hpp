// Products of bfloat16 numbers by the processor's matrix tiles (AMX). For kernels only (*.isa.cpp).
//
// A tile is 16 rows of 64 bytes. tdpbf16ps adds the products of 16 rows of 32 numbers and of 16 columns of 32 numbers (pairs of which stand side by side, [pair][column][2]) to 16 × 16 sums of
// single precision.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/simd/configured_tiles.hpp"
#include "merganser/simd/inline.hpp"
#include "merganser/simd/intrinsics.hpp"

#if defined(MERGANSER_KNOWS_MATRIX_TILES)

namespace merganser::attention::MERGANSER_ISA_NS {

// Numbers of a row, and of a tile; rows of a tile, and numbers of single precision in one.
constexpr size_t kTileNumbers = 32, kWholeTile = 512, kTileSide = 16;

class Bfloat16Tiles : public simd::MERGANSER_ISA_NS::ConfiguredTiles {
 public:
  // Sums stand `stride` bytes apart; the second 16 rows at `second`.
  MERGANSER_INLINE void load(const float* first, const float* second, size_t stride) {
    asm volatile("tileloadd (%0,%2,1), %%tmm0\n\ttileloadd 64(%0,%2,1), %%tmm1\n\ttileloadd (%1,%2,1), %%tmm2\n\ttileloadd 64(%1,%2,1), %%tmm3" : : "r"(first), "r"(second), "r"(stride) : "memory");
  }
  MERGANSER_INLINE void store(float* first, float* second, size_t stride) const {
    asm volatile("tilestored %%tmm0, (%0,%2,1)\n\ttilestored %%tmm1, 64(%0,%2,1)\n\ttilestored %%tmm2, (%1,%2,1)\n\ttilestored %%tmm3, 64(%1,%2,1)" : : "r"(first), "r"(second), "r"(stride) : "memory");
  }
  // The same of 16 columns.
  MERGANSER_INLINE void load_half(const float* first, const float* second, size_t stride) {
    asm volatile("tileloadd (%0,%2,1), %%tmm0\n\ttileloadd (%1,%2,1), %%tmm2" : : "r"(first), "r"(second), "r"(stride) : "memory");
  }
  MERGANSER_INLINE void store_half(float* first, float* second, size_t stride) const {
    asm volatile("tilestored %%tmm0, (%0,%2,1)\n\ttilestored %%tmm2, (%1,%2,1)" : : "r"(first), "r"(second), "r"(stride) : "memory");
  }
  MERGANSER_INLINE void load_columns(const uint16_t* first, const uint16_t* second) {
    asm volatile("tileloadd (%0,%2,1), %%tmm6\n\ttileloadd (%1,%2,1), %%tmm7" : : "r"(first), "r"(second), "r"(size_t{64}) : "memory");
  }
  // Two times 16 rows, one tile behind the other, by the columns.
  MERGANSER_INLINE void add_rows(const uint16_t* rows) {
    asm volatile(
        "tileloadd (%0,%1,1), %%tmm4\n\ttileloadd 1024(%0,%1,1), %%tmm5\n\ttdpbf16ps %%tmm6, %%tmm4, %%tmm0\n\ttdpbf16ps %%tmm7, %%tmm4, %%tmm1\n\t"
        "tdpbf16ps %%tmm6, %%tmm5, %%tmm2\n\ttdpbf16ps %%tmm7, %%tmm5, %%tmm3"
        :
        : "r"(rows), "r"(size_t{64})
        : "memory");
  }
};

// Rounded to the nearest, even ones where two are.
MERGANSER_INLINE __m512i to_bfloat16(__m512 low, __m512 high) {
  __m512i both;
  asm("vcvtne2ps2bf16 %2, %1, %0" : "=v"(both) : "v"(high), "v"(low));
  return both;
}
// The same, as numbers of single precision.
MERGANSER_INLINE __m512 rounded_to_bfloat16(__m512 numbers) {
  __m256i half;
  asm("vcvtneps2bf16 %1, %0" : "=v"(half) : "v"(numbers));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

}  // namespace merganser::attention::MERGANSER_ISA_NS
#endif
