// From tiles of scores to bounds of distances. For kernels only (*.isa.cpp).
#pragma once
#include <bit>
#include <cmath>

#include "merganser/clustering/bound_epochs.hpp"
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

// Bit r: left[r] < right[r].
MERGANSER_INLINE unsigned which_are_less(const float* left, const float* right) {
#if defined(__AVX512F__)
  return _mm512_cmp_ps_mask(_mm512_loadu_ps(left), _mm512_loadu_ps(right), _CMP_LT_OQ);
#elif defined(__AVX2__)
  return static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(left), _mm256_loadu_ps(right), _CMP_LT_OQ)));
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

// So many rows of a list are looked at in turns: first their tiles, then what follows from those, sixteen rows at once. A tile waits for nothing that way: not for the roots of the one
// before, nor for branches that nobody foresees.
constexpr size_t kRound = 8 * kTileHeight;
constexpr size_t kAtOnce = 16;
static_assert(kRound % kAtOnce == 0 && kListPadding >= kAtOnce);
// Of the rows of a round, with room for what is stored beside the last tile.
using OfRound = float[kRound + kAtOnce];

MERGANSER_INLINE void pad_list(uint32_t* list, size_t count) {
  for (size_t i = 0; i < kListPadding; ++i) list[count + i] = list[count - 1];
}

MERGANSER_INLINE size_t round_size(size_t count, size_t first) { return count - first < kRound ? count - first : kRound; }

// What stands at the places of sixteen points.
MERGANSER_INLINE void collect(const float* from, const uint32_t* points, float* out) {
#if defined(__AVX512F__)
  _mm512_storeu_ps(out, _mm512_i32gather_ps(_mm512_loadu_si512(points), from, sizeof(float)));
#else
  for (size_t i = 0; i < kAtOnce; ++i) out[i] = from[points[i]];
#endif
}

// Of the first `count` of sixteen points: raises their bounds (at) to the distances that the greatest scores of a panel tell; what was known before may be more. Rounded down by more
// than the root can be off. Bit i: the distance to the panel is less than reached[i].
MERGANSER_INLINE unsigned raise(float* at, const uint32_t* points, size_t count, const float* norms, const float* greatest, const float* drifts, uint32_t epoch, const float* reached) {
#if defined(__AVX512F__)
  const __m512i places = _mm512_loadu_si512(points);
  const auto listed = static_cast<__mmask16>((1u << count) - 1);
  const __m512 before = _mm512_i32gather_ps(places, at, sizeof(float));
  const __m512 square = _mm512_fnmadd_ps(_mm512_set1_ps(2), _mm512_loadu_ps(greatest), _mm512_loadu_ps(norms));
  const __m512 distance = _mm512_mul_ps(_mm512_sqrt_ps(_mm512_max_ps(square, _mm512_setzero_ps())), _mm512_set1_ps(1 - 1e-6f));
  const __m512 bound = all_bounds_of(distance, epoch);
  const __mmask16 more = _mm512_mask_cmp_ps_mask(listed, bound, all_worth_now(before, _mm512_loadu_ps(drifts)), _CMP_GT_OQ);
  _mm512_mask_i32scatter_ps(at, more, places, bound, sizeof(float));
  return _mm512_mask_cmp_ps_mask(listed, distance, _mm512_loadu_ps(reached), _CMP_LT_OQ);
#else
  float distances[kAtOnce];
  for (size_t i = 0; i < kAtOnce; ++i) {
    const float square = norms[i] - 2 * greatest[i];
    distances[i] = ::sqrtf(square > 0 ? square : 0.f) * (1 - 1e-6f);
  }
  unsigned inside = 0;
  for (size_t i = 0; i < count; ++i) {
    float& known = at[points[i]];
    const float bound = bound_of(distances[i], epoch);
    known = bound > worth_now(known, drifts) ? bound : known;
    inside |= static_cast<unsigned>(distances[i] < reached[i]) << i;
  }
  return inside;
#endif
}

// Appends those of sixteen points whose bit is set.
MERGANSER_INLINE void append(uint32_t* list, size_t& count, const uint32_t* points, unsigned bits) {
#if defined(__AVX512F__)
  _mm512_storeu_si512(list + count, _mm512_maskz_compress_epi32(static_cast<__mmask16>(bits), _mm512_loadu_si512(points)));
  count += static_cast<size_t>(std::popcount(bits));
#else
  for (; bits; bits &= bits - 1) list[count++] = points[std::countr_zero(bits)];
#endif
}

// Looks at panels for the listed points by tiles of scores that are at least the true ones: renews the bounds, and keeps the points that panels are in reach of.
// compute(points, tile) gives the scores of a tile, norms_of(points, norms) what the squared norms of sixteen points are lowered to for each panel.
template <size_t kCount, typename Compute, typename NormsOf>
MERGANSER_INLINE void sift(size_t panel, size_t alone, uint32_t* list, size_t count, const BlockBounds& block, const float* reach, ReachLists& kept,
                           Compute compute, NormsOf norms_of) {
  pad_list(list, count);
  const uint32_t first_slot = static_cast<uint32_t>(panel * kPanel);
  for (size_t begin = 0; begin < count; begin += kRound) {
    const uint32_t* const points = list + begin;
    const size_t size = round_size(count, begin);
    alignas(64) OfRound greatest[kCount];
    for (size_t i = 0; i < size; i += kTileHeight) {
      const bool own = any_own(points + i, block.slots, first_slot, kCount * kPanel);
      Tile<kCount> tile;
      compute(points + i, tile);
#pragma GCC unroll 12
      for (size_t row = 0; own && row < kTileHeight; ++row) {
        const uint32_t lane = block.slots[points[i + row]] - first_slot;
        if (lane < kCount * kPanel) take_out(tile, row, lane);
      }
#pragma GCC unroll 2
      for (size_t p = 0; p < kCount; ++p) greatest_of_rows(tile.scores[p], greatest[p] + i);
    }
    for (size_t i = 0; i < size; i += kAtOnce) {
      alignas(64) float norms[kCount][kAtOnce], reached[kAtOnce];
      unsigned inside[2] = {};
      collect(reach, points + i, reached);
      norms_of(points + i, norms);
#pragma GCC unroll 2
      for (size_t p = 0; p < kCount; ++p) {
        float* const bounds = block.bounds + (panel + p) * block.bounds_stride;
        inside[p] = raise(bounds, points + i, size - i < kAtOnce ? size - i : kAtOnce, norms[p], greatest[p] + i, block.drifts + (panel + p) * kEpochs, block.epoch, reached);
      }
      if (kCount == 1) {
        append(kept.rows[alone], kept.counts[alone], points + i, inside[0]);
      } else {
        append(kept.rows[0], kept.counts[0], points + i, inside[0] & inside[1]);
        append(kept.rows[1], kept.counts[1], points + i, inside[0] & ~inside[1]);
        append(kept.rows[2], kept.counts[2], points + i, inside[1] & ~inside[0]);
      }
    }
  }
}

}  // namespace merganser::clustering::MERGANSER_ISA_NS
