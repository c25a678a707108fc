#include "merganser/clustering/score_panels.hpp"

#include <bit>
#include <cmath>

#include "merganser/simd/floats16.hpp"


namespace merganser::clustering::MERGANSER_ISA_NS {
namespace {

using simd::MERGANSER_ISA_NS::Floats16;
using simd::MERGANSER_ISA_NS::kTileRows;

constexpr float kLowest = -3e38f;

// Scores of kTileRows rows against one panel. The row pointers stand in registers of their own: indexed through an array they would be loaded again for
// every dimension.
MERGANSER_INLINE void score_tile(const float* const* rows, const float* panel, const float* halves, size_t dims, Floats16* scores) {
  const Floats16 start = Floats16::load(halves);
#pragma GCC unroll 12
  for (int r = 0; r < kTileRows; ++r) scores[r] = start;
  const float* row[kTileRows];
#pragma GCC unroll 12
  for (int r = 0; r < kTileRows; ++r) row[r] = rows[r];
  for (size_t dim = 0; dim < dims; ++dim, panel += kPanel) {
    Floats16 centroids = Floats16::load(panel);
    centroids.keep_loaded();
#pragma GCC unroll 12
    for (int r = 0; r < kTileRows; ++r) scores[r].add_product(row[r][dim], centroids);
  }
}

// The last tile of a block repeats its last row.
MERGANSER_INLINE void tile_rows(const Rows& rows, size_t first, const float** pointers) {
  for (int r = 0; r < kTileRows; ++r) {
    const size_t row = first + static_cast<size_t>(r) < rows.count ? first + static_cast<size_t>(r) : rows.count - 1;
    pointers[r] = rows.data + row * rows.stride;
  }
}

MERGANSER_INLINE size_t tile_size(const Rows& rows, size_t first) {
  return rows.count - first < static_cast<size_t>(kTileRows) ? rows.count - first : static_cast<size_t>(kTileRows);
}

}  // namespace

void best_slots(const Rows& rows, const Panels& panels, uint32_t* slots, float* scores) {
  constexpr size_t kRows = 240 / kTileRows * kTileRows;
  alignas(64) float best[kRows * kPanel], best_panel[kRows * kPanel];
  for (size_t begin = 0; begin < rows.count; begin += kRows) {
    const Rows part{rows.data + begin * rows.stride, rows.stride, rows.count - begin < kRows ? rows.count - begin : kRows};
    for (size_t i = 0; i < kRows * kPanel; ++i) best[i] = kLowest, best_panel[i] = 0;
    for (size_t panel = 0; panel < panels.count; ++panel) {
      // Panel numbers as floats are exact below 2²⁴.
      const Floats16 number = Floats16::broadcast(static_cast<float>(panel));
      for (size_t i = 0; i < part.count; i += kTileRows) {
        const float* pointers[kTileRows];
        tile_rows(part, i, pointers);
        Floats16 tile[kTileRows];
        score_tile(pointers, panels.data + panel * panels.dims * kPanel, panels.halves + panel * kPanel, panels.dims, tile);
#pragma GCC unroll 12
        for (int r = 0; r < kTileRows; ++r) {
          float* const values = best + (i + static_cast<size_t>(r)) * kPanel;
          float* const numbers = best_panel + (i + static_cast<size_t>(r)) * kPanel;
          Floats16 value = Floats16::load(values), chosen = Floats16::load(numbers);
          value.take_greater(tile[r], chosen, number);
          value.store(values);
          chosen.store(numbers);
        }
      }
    }
    for (size_t i = 0; i < part.count; ++i) {
      float most = kLowest;
      uint32_t slot = 0;
      for (size_t lane = 0; lane < kPanel; ++lane) {
        const float value = best[i * kPanel + lane];
        const uint32_t candidate = static_cast<uint32_t>(best_panel[i * kPanel + lane]) * static_cast<uint32_t>(kPanel) + static_cast<uint32_t>(lane);
        if (value > most || (value == most && candidate < slot)) most = value, slot = candidate;
      }
      slots[begin + i] = slot;
      scores[begin + i] = most;
    }
  }
}

void all_scores(const Rows& rows, const Panels& panels, float* out, size_t out_stride) {
  for (size_t panel = 0; panel < panels.count; ++panel) {
    for (size_t i = 0; i < rows.count; i += kTileRows) {
      const float* pointers[kTileRows];
      tile_rows(rows, i, pointers);
      Floats16 tile[kTileRows];
      score_tile(pointers, panels.data + panel * panels.dims * kPanel, panels.halves + panel * kPanel, panels.dims, tile);
      const size_t size = tile_size(rows, i);
#pragma GCC unroll 12
      for (int r = 0; r < kTileRows; ++r) {
        if (static_cast<size_t>(r) < size) tile[r].store(out + (i + static_cast<size_t>(r)) * out_stride + panel * kPanel);
      }
    }
  }
}

double sum_of_best(const Rows& rows, const Panels& panels) {
  double sum = 0;
  for (size_t i = 0; i < rows.count; i += kTileRows) {
    const float* pointers[kTileRows];
    tile_rows(rows, i, pointers);
    Floats16 best[kTileRows];
#pragma GCC unroll 12
    for (int r = 0; r < kTileRows; ++r) best[r] = Floats16::broadcast(kLowest);
    const Floats16 nothing = Floats16::broadcast(0);
    for (size_t panel = 0; panel < panels.count; ++panel) {
      Floats16 tile[kTileRows];
      score_tile(pointers, panels.data + panel * panels.dims * kPanel, panels.halves + panel * kPanel, panels.dims, tile);
      Floats16 ids = nothing;
#pragma GCC unroll 12
      for (int r = 0; r < kTileRows; ++r) best[r].take_greater(tile[r], ids, nothing);
    }
    const size_t size = tile_size(rows, i);
#pragma GCC unroll 12
    for (int r = 0; r < kTileRows; ++r) {
      if (static_cast<size_t>(r) < size) sum += static_cast<double>(best[r].greatest());
    }
  }
  return sum;
}

// The greatest number of each row of a tile.
static MERGANSER_INLINE void greatest_of_rows(const Floats16* tile, float* greatest) {
#if defined(__AVX2__) && !defined(__AVX512F__)
  static_assert(kTileRows == 6);
  const __m256 rows[6] = {_mm256_max_ps(tile[0].low, tile[0].high), _mm256_max_ps(tile[1].low, tile[1].high), _mm256_max_ps(tile[2].low, tile[2].high),
                          _mm256_max_ps(tile[3].low, tile[3].high), _mm256_max_ps(tile[4].low, tile[4].high), _mm256_max_ps(tile[5].low, tile[5].high)};
  // Half a transposition: what would be moved apart is compared instead.
  const auto pairs = [](__m256 a, __m256 b) { return _mm256_max_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b)); };
  const auto quads = [](__m256 a, __m256 b) {
    return _mm256_max_ps(_mm256_shuffle_ps(a, b, 0x44), _mm256_shuffle_ps(a, b, 0xEE));
  };
  const __m256 first = quads(pairs(rows[0], rows[1]), pairs(rows[2], rows[3])), last = quads(pairs(rows[4], rows[5]), pairs(rows[4], rows[5]));
  _mm256_store_ps(greatest, _mm256_max_ps(_mm256_permute2f128_ps(first, last, 0x20), _mm256_permute2f128_ps(first, last, 0x31)));
#else
#pragma GCC unroll 12
  for (int r = 0; r < kTileRows; ++r) greatest[r] = tile[r].greatest();
#endif
}

size_t examine_panel(const Rows& rows, const Panels& panels, size_t panel, uint32_t* list, size_t count, float drift, const BlockBounds& block,
                     Challenger* challengers, float* challenger_scores) {
  for (size_t i = 0; i < static_cast<size_t>(kTileRows); ++i) list[count + i] = list[count - 1];
  size_t found = 0;
  const uint32_t first_slot = static_cast<uint32_t>(panel * kPanel);
  for (size_t i = 0; i < count; i += kTileRows) {
    const float* pointers[kTileRows];
    for (int r = 0; r < kTileRows; ++r) pointers[r] = rows.data + list[i + static_cast<size_t>(r)] * rows.stride;
    Floats16 tile[kTileRows];
    score_tile(pointers, panels.data + panel * panels.dims * kPanel, panels.halves + panel * kPanel, panels.dims, tile);
#pragma GCC unroll 12
    for (int r = 0; r < kTileRows; ++r) {
      const uint32_t point = list[i + static_cast<size_t>(r)];
      const uint32_t lane = block.slots[point] - first_slot;
      if (lane >= kPanel) continue;
      alignas(64) float scores[kPanel];
      tile[r].store(scores);
      block.own_scores[point] = scores[lane];
      scores[lane] = kLowest;
      tile[r] = Floats16::load(scores);
    }
    alignas(64) float greatest[kPanel] = {}, norms[kPanel] = {}, bounds[kPanel];
    greatest_of_rows(tile, greatest);
#pragma GCC unroll 12
    for (int r = 0; r < kTileRows; ++r) norms[r] = block.norms[list[i + static_cast<size_t>(r)]];
    unsigned above = 0;
#pragma GCC unroll 12
    for (int r = 0; r < kTileRows; ++r) above |= static_cast<unsigned>(greatest[r] >= block.thresholds[list[i + static_cast<size_t>(r)]]) << r;
    // Rounded down by more than what the root and the sum can be off.
    for (int r = 0; r < (kTileRows + 7) / 8 * 8; ++r) {
      const float square = norms[r] - 2 * greatest[r];
      bounds[r] = (::sqrtf(square > 0 ? square : 0.f) * (1 - 1e-6f) + drift) * (1 - 3e-7f);
    }
    const size_t left = count - i;
#pragma GCC unroll 12
    for (int r = 0; r < kTileRows; ++r) {
      if (static_cast<size_t>(r) < left) block.bounds[list[i + static_cast<size_t>(r)]] = bounds[r];
    }
    if (left < static_cast<size_t>(kTileRows)) above &= (1u << left) - 1;
    if (!above) continue;
#pragma GCC unroll 12
    for (int r = 0; r < kTileRows; ++r) {
      if (!(above >> r & 1)) continue;
      challengers[found] = {list[i + static_cast<size_t>(r)], greatest[r]};
      tile[r].store(challenger_scores + found * kPanel);
      ++found;
    }
  }
  return found;
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

float one_score(const float* row, const Panels& panels, uint32_t slot) {
  const size_t panel = slot / kPanel, lane = slot % kPanel;
  const float* const centroid = panels.data + panel * panels.dims * kPanel + lane;
  float score = panels.halves[slot];
  for (size_t dim = 0; dim < panels.dims; ++dim) score = ::fmaf(row[dim], centroid[dim * kPanel], score);
  return score;
}

}  // namespace merganser::clustering::MERGANSER_ISA_NS
