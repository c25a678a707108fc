#include "merganser/reduction/byte_candidates.hpp"

#include <cmath>

#include "merganser/clustering/byte_tile.hpp"

namespace merganser::reduction::MERGANSER_ISA_NS {
namespace {

using namespace clustering::MERGANSER_ISA_NS;
using clustering::BytePanels;
using clustering::ByteRows;
using clustering::kPanel;

// Below all scores, and above those of slots that only fill a panel.
constexpr float kLowestFloor = -2e38f;

// Bit i: a's number i is not less than `least`.
MERGANSER_INLINE unsigned not_less(const Floats16& a, float least) {
#if defined(__AVX512F__)
  return _mm512_cmp_ps_mask(a.all, _mm512_set1_ps(least), _CMP_NLT_UQ);
#else
  alignas(64) float each[kPanel];
  a.store(each);
  unsigned bits = 0;
  for (size_t i = 0; i < kPanel; ++i) bits |= static_cast<unsigned>(!(each[i] < least)) << i;
  return bits;
#endif
}

MERGANSER_INLINE void leave_out_lower(Candidates& of) {
  uint32_t left = 0;
  for (uint32_t i = 0; i < of.count; ++i) {
    if (of.highest[i] < of.floor) continue;
    of.slots[left] = of.slots[i];
    of.highest[left++] = of.highest[i];
  }
  of.count = left;
}

// Some of these scores may be the greatest.
MERGANSER_INLINE void take(const Floats16& scores, const Floats16& highest, size_t panel, Candidates& of) {
  if (of.count > Candidates::kMost) return;
  alignas(64) float score[kPanel], most[kPanel];
  scores.store(score);
  highest.store(most);
  for (size_t lane = 0; lane < kPanel; ++lane) {
    const float lowest = score[lane] - (most[lane] - score[lane]);
    if (lowest > of.floor) of.floor = lowest;
  }
  for (size_t lane = 0; lane < kPanel; ++lane) {
    if (most[lane] < of.floor) continue;
    if (of.count == Candidates::kMost) leave_out_lower(of);
    if (of.count == Candidates::kMost) {
      of.count = Candidates::kMost + 1;
      return;
    }
    of.slots[of.count] = static_cast<uint32_t>(panel * kPanel + lane);
    of.highest[of.count++] = most[lane];
  }
}

template <size_t kCount>
MERGANSER_INLINE void examine(const ByteRows& rows, const BytePanels& panels, const ByteMargins& margins, size_t panel, Candidates* candidates) {
  for (size_t first = 0; first < rows.count; first += kTileHeight) {
    Tile<kCount> tile;
    score_bytes(ByteTileRows(rows, first), panels, panel, tile);
    const size_t size = tile_size(rows.count, first);
#pragma GCC unroll 12
    for (size_t row = 0; row < kTileHeight; ++row) {
      if (row >= size) continue;
      Candidates& of = candidates[first + row];
      const Floats16::Factor error = Floats16::factor(rows.errors[first + row]), length = Floats16::factor(rows.lengths[first + row]), one = Floats16::factor(1);
#pragma GCC unroll 2
      for (size_t p = 0; p < kCount; ++p) {
        const size_t slot = (panel + p) * kPanel;
        Floats16 highest = Floats16::load(margins.rest + slot);
        highest.add_product(length, Floats16::load(margins.errors + slot));
        highest.add_product(error, Floats16::load(margins.lengths + slot));
        highest.add_product(one, tile.scores[p][row]);
        if (not_less(highest, of.floor)) take(tile.scores[p][row], highest, panel + p, of);
      }
    }
  }
}

}  // namespace

void byte_candidates(const ByteRows& rows, const BytePanels& panels, const ByteMargins& margins, Candidates* candidates) {
  for (size_t i = 0; i < rows.count; ++i) candidates[i].count = 0, candidates[i].floor = kLowestFloor;
  size_t panel = 0;
  for (; panel + kTilePanels <= panels.count; panel += kTilePanels) examine<kTilePanels>(rows, panels, margins, panel, candidates);
  if constexpr (kTilePanels > 1) {
    if (panel < panels.count) examine<1>(rows, panels, margins, panel, candidates);
  }
  for (size_t i = 0; i < rows.count; ++i) {
    if (candidates[i].count <= Candidates::kMost) leave_out_lower(candidates[i]);
  }
}

void add_chains(const float* left, const float* right, size_t dims, float* sums) {
#if defined(__AVX512F__)
  __m512 all = _mm512_loadu_ps(sums);
  for (size_t dim = 0; dim < dims; ++dim) all = _mm512_fmadd_ps(_mm512_loadu_ps(left + dim * kPanel), _mm512_loadu_ps(right + dim * kPanel), all);
  _mm512_storeu_ps(sums, all);
#else
  for (size_t dim = 0; dim < dims; ++dim) {
    for (size_t i = 0; i < kPanel; ++i) sums[i] = ::fmaf(left[dim * kPanel + i], right[dim * kPanel + i], sums[i]);
  }
#endif
}

}  // namespace merganser::reduction::MERGANSER_ISA_NS
