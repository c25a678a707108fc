#include "merganser/clustering/examine_panels.hpp"

#include <bit>
#include <cmath>

#include "merganser/clustering/score_tile.hpp"

namespace merganser::clustering::MERGANSER_ISA_NS {
namespace {

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
  unsigned any = 0;
#pragma GCC unroll 12
  for (size_t row = 0; row < kTileHeight; ++row) any |= static_cast<unsigned>(slots[points[row]] - first_slot < lanes);
  return any != 0;
}

template <size_t kCount>
MERGANSER_INLINE size_t examine(const Rows& rows, const Panels& panels, size_t panel, uint32_t* list, size_t count, const BlockBounds& block,
                                Challenger* challengers, float* challenger_scores) {
  for (size_t i = 0; i < kTileHeight; ++i) list[count + i] = list[count - 1];
  size_t found = 0;
  const uint32_t first_slot = static_cast<uint32_t>(panel * kPanel);
  for (size_t i = 0; i < count; i += kTileHeight) {
    const uint32_t* const points = list + i;
    const bool own = any_own(points, block.slots, first_slot, kCount * kPanel);
    Tile<kCount> tile;
    tile.compute(RowList([&](size_t row) { return rows.data + points[row] * rows.stride; }), panels, panel);
#pragma GCC unroll 12
    for (size_t row = 0; own && row < kTileHeight; ++row) {
      const uint32_t lane = block.slots[points[row]] - first_slot;
      if (lane < kCount * kPanel) block.own_scores[points[row]] = take_out(tile, row, lane);
    }
    alignas(64) float greatest[kCount][16] = {}, norms[16] = {}, thresholds[16] = {}, distances[16], bounds[16];
    const size_t left = tile_size(count, i);
#pragma GCC unroll 12
    for (size_t row = 0; row < kTileHeight; ++row) norms[row] = block.norms[points[row]], thresholds[row] = block.thresholds[points[row]];
    unsigned below = ~0u;
#pragma GCC unroll 2
    for (size_t p = 0; p < kCount; ++p) {
      greatest_of_rows(tile.scores[p], greatest[p]);
      below &= which_are_less(greatest[p], thresholds);
      bounds_of_rows(norms, greatest[p], block.drifts[panel + p], distances, bounds);
      float* const bounds_of_panel = block.bounds + (panel + p) * block.bounds_stride;
#pragma GCC unroll 12
      for (size_t row = 0; row < kTileHeight; ++row) {
        if (row < left) bounds_of_panel[points[row]] = bounds[row];
      }
    }
    const unsigned above = ~below & ((1u << left) - 1);
    if (!above) continue;
#pragma GCC unroll 12
    for (size_t row = 0; row < kTileHeight; ++row) {
      if (!(above >> row & 1)) continue;
      const float most = kCount > 1 && greatest[kCount - 1][row] > greatest[0][row] ? greatest[kCount - 1][row] : greatest[0][row];
      challengers[found] = {points[row], most};
#pragma GCC unroll 2
      for (size_t p = 0; p < kCount; ++p) tile.scores[p][row].store(challenger_scores + (found * kCount + p) * kPanel);
      ++found;
    }
  }
  return found;
}

template <size_t kCount>
MERGANSER_INLINE void sift(const Rows& heads, const Panels& panels, size_t panel, uint32_t* list, size_t count, const BlockBounds& block,
                           const float* reach, ReachLists& kept) {
  for (size_t i = 0; i < kTileHeight; ++i) list[count + i] = list[count - 1];
  const uint32_t first_slot = static_cast<uint32_t>(panel * kPanel);
  kept.counts[0] = kept.counts[1] = kept.counts[2] = 0;
  for (size_t i = 0; i < count; i += kTileHeight) {
    const uint32_t* const points = list + i;
    const bool own = any_own(points, block.slots, first_slot, kCount * kPanel);
    Tile<kCount> tile;
    tile.compute(RowList([&](size_t row) { return heads.data + points[row] * heads.stride; }), panels, panel);
#pragma GCC unroll 12
    for (size_t row = 0; own && row < kTileHeight; ++row) {
      const uint32_t lane = block.slots[points[row]] - first_slot;
      if (lane < kCount * kPanel) take_out(tile, row, lane);
    }
    alignas(64) float greatest[16] = {}, norms[16] = {}, reached[16] = {}, distances[16], bounds[16];
    unsigned inside[2] = {};
    const size_t left = tile_size(count, i);
#pragma GCC unroll 12
    for (size_t row = 0; row < kTileHeight; ++row) norms[row] = block.norms[points[row]], reached[row] = reach[points[row]];
#pragma GCC unroll 2
    for (size_t p = 0; p < kCount; ++p) {
      greatest_of_rows(tile.scores[p], greatest);
      bounds_of_rows(norms, greatest, block.drifts[panel + p], distances, bounds);
      inside[p] = which_are_less(distances, reached) & ((1u << left) - 1);
      float* const bounds_of_panel = block.bounds + (panel + p) * block.bounds_stride;
#pragma GCC unroll 12
      for (size_t row = 0; row < kTileHeight; ++row) {
        if (row < left) bounds_of_panel[points[row]] = bounds[row];
      }
    }
    for (unsigned bits = inside[0] | inside[1]; bits; bits &= bits - 1) {
      const unsigned row = static_cast<unsigned>(std::countr_zero(bits)), first = inside[0] >> row & 1, second = inside[1] >> row & 1;
      const size_t which = kCount == 1 || (first & second) ? 0 : 1 + second;
      kept.rows[which][kept.counts[which]++] = points[row];
    }
  }
}

}  // namespace

void sift_by_heads(const Rows& heads, const Panels& panels, size_t panel, size_t how_many, uint32_t* list, size_t count, const BlockBounds& block,
                   const float* reach, ReachLists& kept) {
  if constexpr (kTilePanels > 1) {
    if (how_many == 2) return sift<2>(heads, panels, panel, list, count, block, reach, kept);
  }
  sift<1>(heads, panels, panel, list, count, block, reach, kept);
}

size_t panels_at_once() { return kTilePanels; }

size_t examine_panels(const Rows& rows, const Panels& panels, size_t panel, size_t how_many, uint32_t* list, size_t count, const BlockBounds& block,
                      Challenger* challengers, float* challenger_scores) {
  if constexpr (kTilePanels > 1) {
    if (how_many == 2) return examine<2>(rows, panels, panel, list, count, block, challengers, challenger_scores);
  }
  return examine<1>(rows, panels, panel, list, count, block, challengers, challenger_scores);
}

size_t rows_in_reach(const float* bounds, float drift, const float* reach, size_t count, uint32_t* list) {
  size_t found = 0;
#if defined(__AVX2__)
  const __m256 drifts = _mm256_set1_ps(drift);
  for (size_t i = 0; i < count; i += 8) {
    const __m256 nearest = _mm256_sub_ps(_mm256_loadu_ps(bounds + i), drifts);
    unsigned bits = static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(nearest, _mm256_loadu_ps(reach + i), _CMP_LT_OQ)));
    for (; bits; bits &= bits - 1) list[found++] = static_cast<uint32_t>(i) + static_cast<uint32_t>(std::countr_zero(bits));
  }
#else
  for (size_t i = 0; i < count; ++i) {
    list[found] = static_cast<uint32_t>(i);
    found += bounds[i] - drift < reach[i];
  }
#endif
  return found;
}

void rows_in_reach_of_two(const float* bounds, const float* next_bounds, const float* drifts, const float* reach, size_t count, ReachLists& lists) {
  lists.counts[0] = lists.counts[1] = lists.counts[2] = 0;
#if defined(__AVX512F__)
  const __m512 drift = _mm512_set1_ps(drifts[0]), next_drift = _mm512_set1_ps(drifts[1]);
  __m512i places = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  for (size_t i = 0; i < count; i += 16, places = _mm512_add_epi32(places, _mm512_set1_epi32(16))) {
    const __mmask16 valid = static_cast<__mmask16>(count - i < 16 ? 0xFF : 0xFFFF);
    const __m512 within = _mm512_maskz_loadu_ps(valid, reach + i);
    const auto reached = [&](const float* of, __m512 by) { return _mm512_mask_cmp_ps_mask(valid, _mm512_sub_ps(_mm512_maskz_loadu_ps(valid, of + i), by), within, _CMP_LT_OQ); };
    const __mmask16 first = reached(bounds, drift), second = reached(next_bounds, next_drift);
    const __mmask16 masks[3] = {static_cast<__mmask16>(first & second), static_cast<__mmask16>(first & ~second), static_cast<__mmask16>(second & ~first)};
#pragma GCC unroll 3
    for (int which = 0; which < 3; ++which) {
      if (!masks[which]) continue;
      _mm512_storeu_si512(lists.rows[which] + lists.counts[which], _mm512_maskz_compress_epi32(masks[which], places));
      lists.counts[which] += static_cast<size_t>(std::popcount(static_cast<unsigned>(masks[which])));
    }
  }
#else
  for (size_t i = 0; i < count; ++i) {
    const bool first = bounds[i] - drifts[0] < reach[i], second = next_bounds[i] - drifts[1] < reach[i];
    if (!first && !second) continue;
    const int which = first && second ? 0 : first ? 1 : 2;
    lists.rows[which][lists.counts[which]++] = static_cast<uint32_t>(i);
  }
#endif
}

}  // namespace merganser::clustering::MERGANSER_ISA_NS
