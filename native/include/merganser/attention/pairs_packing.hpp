// Queries and rows as attend_matrix_tiles multiplies them: bfloat16, in tiles. Rows of one byte are such numbers, too. For kernels only (*.isa.cpp).
#pragma once
#include "merganser/attention/bfloat16_tiles.hpp"
#include "merganser/attention/row_blocks.hpp"
#include "merganser/simd/transpose16.hpp"

#if defined(MERGANSER_KNOWS_MATRIX_TILES)

namespace merganser::attention::MERGANSER_ISA_NS {

// Queries of a tile, and numbers of bfloat16 that a weight, a query, and one for rows of bytes are split into where queries are not bfloat16.
constexpr size_t kTileQueries = 2 * kTileSide, kWeightParts = 2, kQueryParts = 3, kByteQueryParts = 2;
// Steps of 32 rows in a block.
constexpr size_t kPairSteps = kBlockRows / kTileNumbers;

MERGANSER_INLINE size_t steps_of(size_t numbers) { return (numbers + kTileNumbers - 1) / kTileNumbers; }
MERGANSER_INLINE size_t tiles_of_queries(const RowsToAttend& rows) { return (rows.query_count + kTileQueries - 1) / kTileQueries; }
// Numbers of bfloat16 in a tile of queries, and in a block of keys.
MERGANSER_INLINE size_t size_of_queries(size_t dims, size_t parts) { return steps_of(dims) * parts * 2 * kWholeTile; }
MERGANSER_INLINE size_t size_of_keys(size_t dims) { return kBlockRows / kTileSide * steps_of(dims) * kWholeTile; }
MERGANSER_INLINE size_t size_of_values(size_t dims) { return kPairSteps * 2 * steps_of(dims) * kWholeTile; }

// [tile][32 dimensions][part][two times][16 queries][32]. plain: the queries, as one part; null: `numbers` are split.
MERGANSER_INLINE void pack_pairs_of_queries(const RowsToAttend& rows, const uint16_t* plain, const float* numbers, size_t parts, uint16_t* to) {
  const size_t steps = steps_of(rows.keys.dims), size = size_of_queries(rows.keys.dims, parts);
  for (size_t query = 0; query < tiles_of_queries(rows) * kTileQueries; query += kTileSide) {
    for (size_t step = 0; step < steps; ++step) {
      uint16_t* const tile = to + query / kTileQueries * size + step * parts * 2 * kWholeTile + query / kTileSide % 2 * kWholeTile;
      for (size_t q = 0; q < kTileSide; ++q) {
        uint16_t* const row = tile + q * kTileNumbers;
        if (plain) {
          _mm512_storeu_si512(row, _mm512_loadu_si512(plain + (query + q) * steps * kTileNumbers + step * kTileNumbers));
          continue;
        }
        const float* const from = numbers + (query + q) * rows.query_stride + step * kTileNumbers;
        const bool both = (step + 1) * kTileNumbers <= rows.query_stride;
        __m512 low = _mm512_loadu_ps(from), high = both ? _mm512_loadu_ps(from + 16) : _mm512_setzero_ps();
        for (size_t part = 0; part < parts; ++part) {
          _mm512_storeu_si512(row + part * 2 * kWholeTile, to_bfloat16(low, high));
          low = _mm512_sub_ps(low, rounded_to_bfloat16(low)), high = _mm512_sub_ps(high, rounded_to_bfloat16(high));
        }
      }
    }
  }
}

MERGANSER_INLINE __mmask32 mask_of(size_t numbers) { return numbers >= 32 ? ~__mmask32{0} : (__mmask32{1} << numbers) - 1; }

// 32 numbers of a row, from `dim` on.
MERGANSER_INLINE __m512i load_pairs(const RowSet& set, size_t row, size_t dim) {
  const uint8_t* const from = set.data + set.stride * row;
  const __mmask32 mask = mask_of(set.dims - dim);
  if (set.type == RowType::bfloat16) return _mm512_maskz_loadu_epi16(mask, from + dim * sizeof(uint16_t));
  const __m256i bytes = _mm256_maskz_loadu_epi8(mask, from + dim);
  return to_bfloat16(_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm256_castsi256_si128(bytes))), _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm256_extracti128_si256(bytes, 1))));
}

// [16 rows][32 dimensions][pair][row][2]
MERGANSER_INLINE void pack_keys_in_pairs(const RowSet& set, const Block& block, uint16_t* to) {
  const size_t steps = steps_of(set.dims);
  for (size_t panel = 0; panel < block.panels; ++panel) {
    for (size_t step = 0; step < steps; ++step, to += kWholeTile) {
      simd::MERGANSER_ISA_NS::Floats16 numbers[16];
      for (size_t i = 0; i < 16; ++i) numbers[i].all = _mm512_castsi512_ps(load_pairs(set, block.rows[16 * panel + i], step * kTileNumbers));
      simd::MERGANSER_ISA_NS::store_turned(numbers, 16, reinterpret_cast<float*>(to));
    }
  }
}

// [16 columns][32 rows][pair][column][2]; a pair is a row and the sixteenth behind it, as put_weights has them.
MERGANSER_INLINE void pack_values_in_pairs(const RowSet& set, const Block& block, uint16_t* to) {
  alignas(64) uint16_t order[2][32];
  for (size_t i = 0; i < 32; ++i) {
    for (size_t half = 0; half < 2; ++half) order[half][i] = static_cast<uint16_t>(16 * half + i / 2 + i % 2 * 32);
  }
  const __m512i first = _mm512_load_si512(order[0]), second = _mm512_load_si512(order[1]);
  for (size_t pair = 0; pair < 8 * block.panels; ++pair) {
    const size_t row = pair / kTileSide * kTileNumbers + pair % kTileSide;
    for (size_t dim = 0; dim < set.dims; dim += kTileNumbers) {
      const __m512i a = load_pairs(set, block.rows[row], dim), b = load_pairs(set, block.rows[row + kTileSide], dim);
      uint16_t* const at = to + pair * kTileNumbers + dim / kTileSide * kPairSteps * kWholeTile;
      _mm512_storeu_si512(at, _mm512_permutex2var_epi16(a, first, b));
      _mm512_storeu_si512(at + kPairSteps * kWholeTile, _mm512_permutex2var_epi16(a, second, b));
    }
  }
}

}  // namespace merganser::attention::MERGANSER_ISA_NS
#endif
