#include "merganser/clustering/examine_panels.hpp"

#include <array>
#include <bit>
#include <cmath>

#include "merganser/clustering/tile_bounds.hpp"

namespace merganser::clustering::MERGANSER_ISA_NS {
namespace {

// Farther than any bound.
constexpr float kFarthest = 3e38f;

// Appends the rows of a tile whose bits are set, with the scores of all their lanes. greatest[p] + first: of panel p.
template <size_t kCount>
MERGANSER_INLINE size_t challenge(const Tile<kCount>& tile, const uint32_t* points, unsigned bits, const OfRound* greatest, size_t first, Challenger* challengers,
                                  float* scores, size_t found) {
#pragma GCC unroll 12
  for (size_t row = 0; row < kTileHeight; ++row) {
    if (!(bits >> row & 1)) continue;
    const float of_first = greatest[0][first + row], of_last = greatest[kCount - 1][first + row];
#pragma GCC unroll 2
    for (size_t p = 0; p < kCount; ++p) tile.scores[p][row].store(scores + (found * kCount + p) * kPanel);
    challengers[found++] = {points[row], of_first > of_last ? of_first : of_last};
  }
  return found;
}

template <size_t kCount>
MERGANSER_INLINE size_t examine(const Rows& rows, const Panels& panels, size_t panel, uint32_t* list, size_t count, const BlockBounds& block,
                                Challenger* challengers, float* challenger_scores) {
  pad_list(list, count);
  size_t found = 0;
  const uint32_t first_slot = static_cast<uint32_t>(panel * kPanel);
  for (size_t begin = 0; begin < count; begin += kRound) {
    const uint32_t* const points = list + begin;
    const size_t size = round_size(count, begin);
    alignas(64) OfRound greatest[kCount], thresholds;
    for (size_t i = 0; i < size; i += kAtOnce) collect(block.thresholds, points + i, thresholds + i);
    for (size_t i = 0; i < size; i += kTileHeight) {
      const bool own = any_own(points + i, block.slots, first_slot, kCount * kPanel);
      Tile<kCount> tile;
      tile.compute(RowList([&](size_t row) { return rows.data + points[i + row] * rows.stride; }), panels, panel);
#pragma GCC unroll 12
      for (size_t row = 0; own && row < kTileHeight; ++row) {
        const uint32_t lane = block.slots[points[i + row]] - first_slot;
        if (lane < kCount * kPanel) block.own_scores[points[i + row]] = take_out(tile, row, lane);
      }
      unsigned below = ~0u;
#pragma GCC unroll 2
      for (size_t p = 0; p < kCount; ++p) {
        greatest_of_rows(tile.scores[p], greatest[p] + i);
        below &= which_are_less(greatest[p] + i, thresholds + i);
      }
      const unsigned above = ~below & ((1u << tile_size(size, i)) - 1);
      if (above) found = challenge(tile, points + i, above, greatest, i, challengers, challenger_scores, found);
    }
    for (size_t i = 0; i < size; i += kAtOnce) {
      alignas(64) float norms[kAtOnce];
      collect(block.norms, points + i, norms);
#pragma GCC unroll 2
      for (size_t p = 0; p < kCount; ++p) {
        float* const bounds = block.bounds + (panel + p) * block.bounds_stride;
        raise(bounds, points + i, size - i < kAtOnce ? size - i : kAtOnce, norms, greatest[p] + i, block.drifts + (panel + p) * kEpochs, block.epoch, norms);
      }
    }
  }
  return found;
}

#if defined(__AVX2__)
// A byte for each bit that is set: its place.
constexpr auto kPlacesOfBits = [] {
  std::array<uint64_t, 256> all{};
  for (size_t bits = 0; bits < all.size(); ++bits) {
    size_t found = 0;
    for (uint64_t place = 0; place < 8; ++place) {
      if (bits >> place & 1) all[bits] |= place << 8 * found++;
    }
  }
  return all;
}();
#endif

}  // namespace

void sift_by_heads(const Rows& heads, const Panels& panels, size_t panel, size_t how_many, size_t alone, uint32_t* list, size_t count,
                   const BlockBounds& block, const float* reach, ReachLists& kept) {
  const auto look = [&]<size_t kCount>() MERGANSER_INLINE_LAMBDA {
    sift<kCount>(
        panel, alone, list, count, block, reach, kept,
        [&](const uint32_t* points, Tile<kCount>& tile) MERGANSER_INLINE_LAMBDA {
          tile.compute(RowList([&](size_t row) { return heads.data + points[row] * heads.stride; }), panels, panel);
        },
        [&](const uint32_t* points, float(*norms)[kAtOnce]) MERGANSER_INLINE_LAMBDA {
#pragma GCC unroll 2
          for (size_t p = 0; p < kCount; ++p) collect(block.norms, points, norms[p]);
        });
  };
  if constexpr (kTilePanels > 1) {
    if (how_many == 2) return look.template operator()<2>();
  }
  look.template operator()<1>();
}

size_t panels_at_once() { return kTilePanels; }

size_t examine_panels(const Rows& rows, const Panels& panels, size_t panel, size_t how_many, uint32_t* list, size_t count, const BlockBounds& block,
                      Challenger* challengers, float* challenger_scores) {
  if constexpr (kTilePanels > 1) {
    if (how_many == 2) return examine<2>(rows, panels, panel, list, count, block, challengers, challenger_scores);
  }
  return examine<1>(rows, panels, panel, list, count, block, challengers, challenger_scores);
}

size_t rows_in_reach(const float* bounds, const float* drifts, const float* reach, size_t count, uint32_t* list, float* least) {
  size_t found = 0;
#if defined(__AVX2__)
  const Drifts8 since(drifts);
  __m256 lowest = _mm256_set1_ps(kFarthest);
  for (size_t i = 0; i < count; i += 8) {
    // Bounds come from memory: those of the next panel, which stand behind these.
    if (i % 16 == 0) simd::MERGANSER_ISA_NS::expect_line(bounds + count + i);
    const __m256 bound = since.worth_now(_mm256_loadu_ps(bounds + i));
    lowest = _mm256_min_ps(lowest, bound);
    const auto bits = static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(bound, _mm256_loadu_ps(reach + i), _CMP_LT_OQ)));
    const __m256i places = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<long long>(kPlacesOfBits[bits])));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(list + found), _mm256_add_epi32(places, _mm256_set1_epi32(static_cast<int>(i))));
    found += static_cast<size_t>(std::popcount(bits));
  }
  alignas(32) float each[8];
  _mm256_store_ps(each, lowest);
  *least = each[0];
  for (size_t i = 1; i < 8; ++i) *least = each[i] < *least ? each[i] : *least;
#else
  *least = kFarthest;
  for (size_t i = 0; i < count; ++i) {
    const float bound = worth_now(bounds[i], drifts);
    list[found] = static_cast<uint32_t>(i);
    found += bound < reach[i];
    *least = bound < *least ? bound : *least;
  }
#endif
  return found;
}

void rows_in_reach_of_two(const float* bounds, const float* next_bounds, const float* drifts, const float* reach, size_t count, ReachLists& lists,
                          float* least) {
  lists.counts[0] = lists.counts[1] = lists.counts[2] = 0;
#if defined(__AVX512F__)
  const __m512 since = _mm512_loadu_ps(drifts), next_since = _mm512_loadu_ps(drifts + kEpochs);
  __m512 lowest = _mm512_set1_ps(kFarthest), next_lowest = lowest;
  __m512i places = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  for (size_t i = 0; i < count; i += 16, places = _mm512_add_epi32(places, _mm512_set1_epi32(16))) {
    const __mmask16 valid = static_cast<__mmask16>(count - i < 16 ? 0xFF : 0xFFFF);
    // Bounds come from memory: those of the next two panels.
    simd::MERGANSER_ISA_NS::expect_line(next_bounds + (next_bounds - bounds) + i);
    simd::MERGANSER_ISA_NS::expect_line(next_bounds + 2 * (next_bounds - bounds) + i);
    const __m512 within = _mm512_maskz_loadu_ps(valid, reach + i);
    const auto reached = [&](const float* of, __m512 by, __m512& low) {
      const __m512 bound = all_worth_now(_mm512_maskz_loadu_ps(valid, of + i), by);
      low = _mm512_mask_min_ps(low, valid, low, bound);
      return _mm512_mask_cmp_ps_mask(valid, bound, within, _CMP_LT_OQ);
    };
    const __mmask16 first = reached(bounds, since, lowest), second = reached(next_bounds, next_since, next_lowest);
    const __mmask16 masks[3] = {static_cast<__mmask16>(first & second), static_cast<__mmask16>(first & ~second), static_cast<__mmask16>(second & ~first)};
#pragma GCC unroll 3
    for (int which = 0; which < 3; ++which) {
      if (!masks[which]) continue;
      _mm512_storeu_si512(lists.rows[which] + lists.counts[which], _mm512_maskz_compress_epi32(masks[which], places));
      lists.counts[which] += static_cast<size_t>(std::popcount(static_cast<unsigned>(masks[which])));
    }
  }
  least[0] = _mm512_reduce_min_ps(lowest);
  least[1] = _mm512_reduce_min_ps(next_lowest);
#else
  least[0] = least[1] = kFarthest;
  for (size_t i = 0; i < count; ++i) {
    const float bound = worth_now(bounds[i], drifts), next_bound = worth_now(next_bounds[i], drifts + kEpochs);
    least[0] = bound < least[0] ? bound : least[0];
    least[1] = next_bound < least[1] ? next_bound : least[1];
    const bool first = bound < reach[i], second = next_bound < reach[i];
    if (!first && !second) continue;
    const int which = first && second ? 0 : first ? 1 : 2;
    lists.rows[which][lists.counts[which]++] = static_cast<uint32_t>(i);
  }
#endif
}

}  // namespace merganser::clustering::MERGANSER_ISA_NS
