// From tiles of scores to bounds of distances. For kernels only (*.isa.cpp).
#pragma once
#include <bit>
#include <cmath>

#include "merganser/clustering/examine_panels.hpp"
#include "merganser/clustering/score_tile.hpp"

namespace merganser::clustering::MERGANSER_ISA_NS {

// The greatest number of each row. Half a transposition: what would be moved apart is compared instead.
MERGANSER_INLINE void greatest_of_rows(const Floats16* rows, float* greatest) {
#if defined(__AVX512F__)
  static_assert(kTileHeight == 12);
  const auto pairs = [](const Floats16& a, const Floats16& b) { return _mm512_max_ps(_mm512_unpacklo_ps(a.all, b.all), _mm512_unpackhi_ps(a.all, b.all)); };
  const auto quads = [&](const Floats16* of) {
    const __m512 a = pairs(of[0], of[1]), b = pairs(of[2], of[3]);
    return _mm512_max_ps(_mm512_shuffle_ps(a, b, 0x44), _mm512_shuffle_ps(a, b, 0xEE));
  };
  const __m512 low = quads(rows), middle = quads(rows + 4), high = quads(rows + 8);
  const __m512 first = _mm512_max_ps(_mm512_shuffle_f32x4(low, middle, 0x44), _mm512_shuffle_f32x4(low, middle, 0xEE));
  const __m512 last = _mm512_max_ps(_mm512_shuffle_f32x4(high, high, 0x44), _mm512_shuffle_f32x4(high, high, 0xEE));
  _mm512_storeu_ps(greatest, _mm512_max_ps(_mm512_shuffle_f32x4(first, last, 0x88), _mm512_shuffle_f32x4(first, last, 0xDD)));
#elif defined(__AVX2__)
  static_assert(kTileHeight == 6);
  const auto pairs = [](const Floats16& a, const Floats16& b) {
    const __m256 left = _mm256_max_ps(a.low, a.high), right = _mm256_max_ps(b.low, b.high);
    return _mm256_max_ps(_mm256_unpacklo_ps(left, right), _mm256_unpackhi_ps(left, right));
  };
  const auto quads = [](__m256 a, __m256 b) { return _mm256_max_ps(_mm256_shuffle_ps(a, b, 0x44), _mm256_shuffle_ps(a, b, 0xEE)); };
  const __m256 last_pair = pairs(rows[4], rows[5]);
  const __m256 first = quads(pairs(rows[0], rows[1]), pairs(rows[2], rows[3])), last = quads(last_pair, last_pair);
  _mm256_storeu_ps(greatest, _mm256_max_ps(_mm256_permute2f128_ps(first, last, 0x20), _mm256_permute2f128_ps(first, last, 0x31)));
#else
  for (size_t row = 0; row < kTileHeight; ++row) greatest[row] = rows[row].greatest();
#endif
}

// The own centroid of a point is left out: what its score would be.
template <size_t kCount>
MERGANSER_INLINE float take_out(Tile<kCount>& tile, size_t row, uint32_t lane) {
  alignas(64) float scores[kCount * kPanel];
#pragma GCC unroll 2
  for (size_t p = 0; p < kCount; ++p) tile.scores[p][row].store(scores + p * kPanel);
  const float own = scores[lane];
  scores[lane] = kLowestScore;
#pragma GCC unroll 2
  for (size_t p = 0; p < kCount; ++p) tile.scores[p][row] = Floats16::load(scores + p * kPanel);
  return own;
}

// Of the rows of a tile: lower bounds of their distances from the greatest scores, and what is kept of them, distance + drift. Rounded down by more than
// root and sum can be off. Written with vectors where the compiler would take one row after the other.
MERGANSER_INLINE void bounds_of_rows(const float* norms, const float* greatest, float drift, float* distances, float* bounds) {
#if defined(__AVX512F__)
  const __m512 square = _mm512_fnmadd_ps(_mm512_set1_ps(2), _mm512_load_ps(greatest), _mm512_load_ps(norms));
  const __m512 distance = _mm512_mul_ps(_mm512_sqrt_ps(_mm512_max_ps(square, _mm512_setzero_ps())), _mm512_set1_ps(1 - 1e-6f));
  _mm512_store_ps(distances, distance);
  _mm512_store_ps(bounds, _mm512_mul_ps(_mm512_add_ps(distance, _mm512_set1_ps(drift)), _mm512_set1_ps(1 - 3e-7f)));
#elif defined(__AVX2__)
  const __m256 square = _mm256_fnmadd_ps(_mm256_set1_ps(2), _mm256_load_ps(greatest), _mm256_load_ps(norms));
  const __m256 distance = _mm256_mul_ps(_mm256_sqrt_ps(_mm256_max_ps(square, _mm256_setzero_ps())), _mm256_set1_ps(1 - 1e-6f));
  _mm256_store_ps(distances, distance);
  _mm256_store_ps(bounds, _mm256_mul_ps(_mm256_add_ps(distance, _mm256_set1_ps(drift)), _mm256_set1_ps(1 - 3e-7f)));
#else
  for (size_t row = 0; row < kTileHeight; ++row) {
    const float square = norms[row] - 2 * greatest[row];
    distances[row] = ::sqrtf(square > 0 ? square : 0.f) * (1 - 1e-6f);
    bounds[row] = (distances[row] + drift) * (1 - 3e-7f);
  }
#endif
}

// Bit r: left[r] < right[r].
MERGANSER_INLINE unsigned which_are_less(const float* left, const float* right) {
#if defined(__AVX512F__)
  return _mm512_cmp_ps_mask(_mm512_load_ps(left), _mm512_load_ps(right), _CMP_LT_OQ);
#elif defined(__AVX2__)
  return static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(_mm256_load_ps(left), _mm256_load_ps(right), _CMP_LT_OQ)));
#else
  unsigned bits = 0;
  for (size_t row = 0; row < kTileHeight; ++row) bits |= static_cast<unsigned>(left[row] < right[row]) << row;
  return bits;
#endif
}

// Whether the centroid of any of the points is among the panels: most tiles can do without looking for it one by one.
MERGANSER_INLINE bool any_own(const uint32_t* points, const uint32_t* slots, uint32_t first_slot, uint32_t lanes) {
#if defined(__AVX512F__)
  const __m512i lane = _mm512_sub_epi32(_mm512_i32gather_epi32(_mm512_loadu_si512(points), slots, sizeof(uint32_t)), _mm512_set1_epi32(static_cast<int>(first_slot)));
  return _mm512_cmplt_epu32_mask(lane, _mm512_set1_epi32(static_cast<int>(lanes))) != 0;
#else
  unsigned any = 0;
#pragma GCC unroll 12
  for (size_t row = 0; row < kTileHeight; ++row) any |= static_cast<unsigned>(slots[points[row]] - first_slot < lanes);
  return any != 0;
#endif
}

// What stands at the places of a tile's points; 16 places can be read.
MERGANSER_INLINE void collect(const float* from, const uint32_t* points, float* out) {
#if defined(__AVX512F__)
  _mm512_store_ps(out, _mm512_i32gather_ps(_mm512_loadu_si512(points), from, sizeof(float)));
#else
  for (size_t row = 0; row < kTileHeight; ++row) out[row] = from[points[row]];
#endif
}

// Raises what stands at the places of the first `count` points of a tile: what was known before may be more.
MERGANSER_INLINE void raise(float* at, const uint32_t* points, size_t count, const float* to) {
#if defined(__AVX512F__)
  const __m512i places = _mm512_loadu_si512(points);
  const __m512 before = _mm512_i32gather_ps(places, at, sizeof(float));
  _mm512_mask_i32scatter_ps(at, static_cast<__mmask16>((1u << count) - 1), places, _mm512_max_ps(before, _mm512_load_ps(to)), sizeof(float));
#else
  for (size_t row = 0; row < count; ++row) {
    float& bound = at[points[row]];
    bound = to[row] > bound ? to[row] : bound;
  }
#endif
}

// Looks at panels for the listed points by a tile of scores that are at least the true ones: renews the bounds, and keeps the points that panels are in reach of.
// compute(points, tile) gives the scores, norms_of(points, p, norms) what the squared norms of the points are lowered to for panel `panel` + p.
template <size_t kCount, typename Compute, typename NormsOf>
MERGANSER_INLINE void sift(size_t panel, size_t alone, uint32_t* list, size_t count, const BlockBounds& block, const float* reach, ReachLists& kept,
                           Compute compute, NormsOf norms_of) {
  for (size_t i = 0; i < kListPadding; ++i) list[count + i] = list[count - 1];
  const uint32_t first_slot = static_cast<uint32_t>(panel * kPanel);
  for (size_t i = 0; i < count; i += kTileHeight) {
    const uint32_t* const points = list + i;
    const bool own = any_own(points, block.slots, first_slot, kCount * kPanel);
    Tile<kCount> tile;
    compute(points, tile);
#pragma GCC unroll 12
    for (size_t row = 0; own && row < kTileHeight; ++row) {
      const uint32_t lane = block.slots[points[row]] - first_slot;
      if (lane < kCount * kPanel) take_out(tile, row, lane);
    }
    alignas(64) float greatest[16] = {}, norms[16] = {}, reached[16] = {}, distances[16], bounds[16];
    unsigned inside[2] = {};
    const size_t left = tile_size(count, i);
    collect(reach, points, reached);
#pragma GCC unroll 2
    for (size_t p = 0; p < kCount; ++p) {
      norms_of(points, p, norms);
      greatest_of_rows(tile.scores[p], greatest);
      bounds_of_rows(norms, greatest, block.drifts[panel + p], distances, bounds);
      inside[p] = which_are_less(distances, reached) & ((1u << left) - 1);
      raise(block.bounds + (panel + p) * block.bounds_stride, points, left, bounds);
    }
    for (unsigned bits = inside[0] | inside[1]; bits; bits &= bits - 1) {
      const unsigned row = static_cast<unsigned>(std::countr_zero(bits)), first = inside[0] >> row & 1, second = inside[1] >> row & 1;
      const size_t which = kCount == 1 ? alone : first & second ? 0 : 1 + second;
      kept.rows[which][kept.counts[which]++] = points[row];
    }
  }
}

}  // namespace merganser::clustering::MERGANSER_ISA_NS
