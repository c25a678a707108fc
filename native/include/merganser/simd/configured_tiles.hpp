// The processor's matrix tiles (AMX), for kernels only (*.isa.cpp).
#pragma once
#include <cstdint>

#include "merganser/simd/inline.hpp"

// Defined where the classes of tiles are there; has_matrix_tiles() says whether they may be used. Only GCC lets a file for AVX-512 hold the instructions.
#if defined(__AVX512F__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__)
#define MERGANSER_KNOWS_MATRIX_TILES

namespace merganser::simd::MERGANSER_ISA_NS {

// The thread's tiles, 16 rows of 64 bytes each, until they are released: 0 … 3 are sums of two times 16 rows and two times 16 columns, 4 and 5 rows, 6 and 7 columns. Not by a destructor: that would bring in what the compiler does about exceptions.
class ConfiguredTiles {
 public:
  MERGANSER_INLINE ConfiguredTiles() {
    struct alignas(64) {
      uint8_t palette = 1, start = 0, reserved[14] = {};
      uint16_t bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
      uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
    } const configuration;
    asm volatile("ldtilecfg %0" : : "m"(configuration));
  }
  MERGANSER_INLINE void release() { asm volatile("tilerelease"); }
  ConfiguredTiles(const ConfiguredTiles&) = delete;
  ConfiguredTiles& operator=(const ConfiguredTiles&) = delete;

  // The sums.
  MERGANSER_INLINE void clear() { asm volatile("tilezero %tmm0\n\ttilezero %tmm1\n\ttilezero %tmm2\n\ttilezero %tmm3"); }
};

}  // namespace merganser::simd::MERGANSER_ISA_NS

#endif
