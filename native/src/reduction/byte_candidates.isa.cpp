#include "merganser/reduction/byte_candidates.hpp"

#include "merganser/reduction/panel_candidates.hpp"
#include "merganser/simd/matrix_tiles.hpp"

namespace merganser::reduction::MERGANSER_ISA_NS {
namespace {

#if defined(MERGANSER_KNOWS_MATRIX_TILES)
using simd::MERGANSER_ISA_NS::kBlock;
using simd::MERGANSER_ISA_NS::MatrixTiles;
#endif

constexpr float kUp = 1 + 1e-6f;
// Of longer tokens what is done with sums takes little time beside the sums.
constexpr size_t kShort = 128;

// What scores of some rows and of a panel must be for any of its margins to matter; of whole sixteens of rows.
template <size_t kRows>
MERGANSER_INLINE void find_thresholds(const ByteRows& rows, size_t first, const BytePanels& panels, const ByteMargins& margins, size_t panel, const float* floors, float* thresholds) {
  const Floats16::Factor length = Floats16::factor(panels.lengths[panel]), error = Floats16::factor(panels.errors[panel]), less = Floats16::factor(-kUp);
  for (size_t row = 0; row < kRows; row += kPanel) {
    Floats16 most = Floats16::broadcast(margins.most_rest[panel]), threshold = Floats16::load(floors + first + row);
    most.add_product(length, Floats16::load(rows.errors + first + row));
    most.add_product(error, Floats16::load(rows.lengths + first + row));
    threshold.add_product(less, most);
    threshold.store(thresholds + row);
  }
}

// The pair of panels that the block of `size` rows from `first` on looks at first.
MERGANSER_INLINE size_t own_pair(const RowPlaces& places, size_t first, size_t size, size_t panels) {
  const size_t panel = (places.first + first + size / 2) * panels / places.of;
  return (panel < panels ? panel : panels - 1) / kTilePanels;
}

#if defined(MERGANSER_ADDS_BYTES_IN_WORDS)
// Whether any score of a tile is not less than what is least for its row; rows that are none count, too. Most tiles have none: a single branch for all of it.
template <typename SumsOf>
MERGANSER_INLINE bool any_not_less(const ByteTileRows& of, const BytePanels& panels, size_t panel, const float* least, SumsOf sums_of) {
  __m256 any = _mm256_setzero_ps();
#pragma GCC unroll 6
  for (size_t row = 0; row < kTileHeight; ++row) {
    const Floats16 scores = sums_of(row).scores(of.scale(row), panels.scales + panel * kPanel, panels.halves + panel * kPanel);
    const __m256 limit = _mm256_set1_ps(least[row]);
    any = _mm256_or_ps(any, _mm256_or_ps(_mm256_cmp_ps(scores.low, limit, _CMP_NLT_UQ), _mm256_cmp_ps(scores.high, limit, _CMP_NLT_UQ)));
  }
  return _mm256_movemask_ps(any) != 0;
}
#endif

// Whether any of a tile's scores may matter, by the sums over the heads.
template <size_t kCount>
MERGANSER_INLINE bool heads_matter(const ByteTileRows& of, const ByteRows& rows, size_t first, const BytePanels& panels, const ByteHeads& heads, size_t panel, const TileOfSums<kCount>& sums,
                                   const float (*thresholds)[kPanel]) {
  unsigned found = 0;
#pragma GCC unroll 2
  for (size_t p = 0; p < kCount; ++p) {
    alignas(64) float least[kPanel];
    Floats16 limit = Floats16::load(thresholds[p]);
    limit.add_product(Floats16::factor(-kUp * heads.panel_rests[panel + p]), Floats16::load(heads.row_rests + first));
    limit.store(least);
    const size_t slot = (panel + p) * kPanel;
#if defined(MERGANSER_ADDS_BYTES_IN_WORDS)
    if (!any_not_less(of, panels, panel + p, least, [&](size_t row) MERGANSER_INLINE_LAMBDA { return sums[p][row].plus(heads.starts + slot); })) continue;
#endif
#pragma GCC unroll 12
    for (size_t row = 0; row < kTileHeight; ++row) {
      const Floats16 scores = sums[p][row].plus(heads.starts + slot).scores(of.scale(row), panels.scales + slot, panels.halves + slot);
      found |= static_cast<unsigned>(not_less(scores, least[row]) != 0) << row;
    }
  }
  return (found & ((1u << tile_size(rows.count, first)) - 1)) != 0;
}

template <size_t kCount>
MERGANSER_INLINE void examine(const ByteRows& rows, const BytePanels& panels, const ByteMargins& margins, const ByteHeads& heads, size_t panel, Candidates* candidates, float* floors) {
  for (size_t first = 0; first < rows.count; first += kTileHeight) {
    alignas(64) float thresholds[kCount][kPanel], scores[kCount][kTileHeight][kPanel];
    for (size_t p = 0; p < kCount; ++p) find_thresholds<kTileHeight>(rows, first, panels, margins, panel + p, floors, thresholds[p]);
    ByteTileRows of(rows, first);
    TileOfSums<kCount> sums;
    start_sums<kCount>(panels, panel, sums);
    add_bytes<kCount>(of, panels, panel, 0, heads.groups, sums);
    if (heads.groups > 0 && !heads_matter<kCount>(of, rows, first, panels, heads, panel, sums, thresholds)) continue;
    add_bytes<kCount>(of, panels, panel, heads.groups, panels.groups, sums);
#if defined(MERGANSER_ADDS_BYTES_IN_WORDS)
    if (!any_not_less(of, panels, panel, thresholds[0], [&](size_t row) MERGANSER_INLINE_LAMBDA { return sums[0][row]; })) continue;
#endif
    Tile<kCount> tile;
    scores_of_sums(of, panels, panel, sums, tile);
    // Few rows have a score that may matter: they wait until the registers are free.
    unsigned found[kCount] = {};
#pragma GCC unroll 12
    for (size_t row = 0; row < kTileHeight; ++row) {
#pragma GCC unroll 2
      for (size_t p = 0; p < kCount; ++p) {
        tile.scores[p][row].store(scores[p][row]);
        found[p] |= static_cast<unsigned>(not_less(tile.scores[p][row], thresholds[p][row]) != 0) << row;
      }
    }
    for (size_t p = 0; p < kCount; ++p) {
      for (unsigned left = found[p] & ((1u << tile_size(rows.count, first)) - 1); left; left &= left - 1) {
        const size_t row = static_cast<size_t>(std::countr_zero(left));
        look_at(rows, margins, first + row, panel + p, Floats16::load(scores[p][row]), candidates, floors);
      }
    }
  }
}

#if defined(MERGANSER_BYTE_SUMS_IN_LANES)
// What sums of a row and a pair of panels must be for any of their margins to matter.
class SumThresholds {
 public:
  MERGANSER_INLINE SumThresholds(const BytePanels& panels, const ByteMargins& margins, const PairScales& pairs, size_t panel, size_t count) {
    // The reciprocals of rows' scales are off by 2⁻¹⁴.
    constexpr float kDown = 1 - 2e-4f;
    unit_ = kDown / pairs.most[panel / kTilePanels];
    for (size_t p = panel; p < panel + count; ++p) {
      length_ = length_ > panels.lengths[p] ? length_ : panels.lengths[p];
      error_ = error_ > panels.errors[p] ? error_ : panels.errors[p];
      rest_ = rest_ > margins.most_rest[p] ? rest_ : margins.most_rest[p];
    }
  }
  // Of sixteen rows. Where scores below 0 matter, all do.
  MERGANSER_INLINE void of(const ByteRows& rows, size_t first, const float* floors, int32_t* least) const {
    Floats16 most = Floats16::broadcast(rest_), threshold = Floats16::load(floors + first);
    most.add_product(Floats16::factor(length_), Floats16::load(rows.errors + first));
    most.add_product(Floats16::factor(error_), Floats16::load(rows.lengths + first));
    threshold.add_product(Floats16::factor(-kUp), most);
    const __m512 units = _mm512_mul_ps(_mm512_rcp14_ps(_mm512_loadu_ps(rows.scales + first)), _mm512_set1_ps(unit_));
    const __mmask16 above = _mm512_cmp_ps_mask(threshold.all, _mm512_setzero_ps(), _CMP_GT_OQ);
    const __m512i all = _mm512_set1_epi32(kAll), sums = _mm512_mask_cvt_roundps_epi32(all, above, _mm512_mul_ps(threshold.all, units), _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
    // What is no number or beyond all whole ones is −2³¹.
    _mm512_storeu_si512(least, _mm512_max_epi32(sums, all));
  }

 private:
  // Below all sums of short tokens.
  static constexpr int32_t kAll = -(1 << 30);
  float unit_, length_ = 0, error_ = 0, rest_ = 0;
};

// Looks at the rows of a block that have sums which may matter: sums[row][stride].
template <size_t kCount>
MERGANSER_INLINE void look_at_sums(const ByteRows& rows, const BytePanels& panels, const ByteMargins& margins, size_t panel, size_t first, size_t size, const int32_t* sums, size_t stride, const int32_t* least,
                                   Candidates* candidates, float* floors) {
  // All of them are found first, without branches.
  uint64_t found = 0;
  for (size_t row = 0; row < size; ++row) {
#pragma GCC unroll 2
    for (size_t p = 0; p < kCount; ++p) {
      const __mmask16 some = _mm512_cmpge_epi32_mask(_mm512_loadu_si512(sums + row * stride + p * kPanel), _mm512_set1_epi32(least[row]));
      found |= static_cast<uint64_t>(some != 0) << (row * kTilePanels + p);
    }
  }
  for (; found; found &= found - 1) {
    const auto at = static_cast<size_t>(std::countr_zero(found));
    const size_t row = at / kTilePanels, p = at % kTilePanels, slot = (panel + p) * kPanel;
    const ByteSums of{_mm512_loadu_si512(sums + row * stride + p * kPanel)};
    look_at(rows, margins, first + row, panel + p, of.scores(rows.scales[first + row], panels.scales + slot, panels.halves + slot), candidates, floors);
  }
}

// The greatest of a row's sums less what they must be, lane by lane.
template <size_t kCount>
MERGANSER_INLINE __m512i above_least(const __m512i* sums, int32_t least) {
  return _mm512_sub_epi32(kCount == 2 ? _mm512_max_epi32(sums[0], sums[1]) : sums[0], _mm512_set1_epi32(least));
}

template <size_t kCount>
MERGANSER_INLINE void examine_sums(const ByteRows& rows, const BytePanels& panels, const ByteMargins& margins, const PairScales& pairs, size_t panel, Candidates* candidates, float* floors) {
  const SumThresholds thresholds(panels, margins, pairs, panel, kCount);
  for (size_t first = 0; first < rows.count; first += kTileHeight) {
    alignas(64) int32_t least[kPanel];
    thresholds.of(rows, first, floors, least);
    ByteTileRows of(rows, first);
    TileOfSums<kCount> sums;
    start_sums<kCount>(panels, panel, sums);
    add_bytes<kCount>(of, panels, panel, 0, panels.groups, sums);
    __m512i most = _mm512_set1_epi32(-1);
#pragma GCC unroll 12
    for (size_t row = 0; row < kTileHeight; ++row) {
      const __m512i two[2] = {sums[0][row].all, sums[kCount - 1][row].all};
      most = _mm512_max_epi32(most, above_least<kCount>(two, least[row]));
    }
    if (!_mm512_cmpge_epi32_mask(most, _mm512_setzero_si512())) continue;
    alignas(64) int32_t stored[kTileHeight * kCount * kPanel];
#pragma GCC unroll 12
    for (size_t row = 0; row < kTileHeight; ++row) {
#pragma GCC unroll 2
      for (size_t p = 0; p < kCount; ++p) _mm512_store_si512(stored + (row * kCount + p) * kPanel, sums[p][row].all);
    }
    look_at_sums<kCount>(rows, panels, margins, panel, first, tile_size(rows.count, first), stored, kCount * kPanel, least, candidates, floors);
  }
}
#endif

#if defined(MERGANSER_KNOWS_MATRIX_TILES)
// Which rows look at a pair of panels: [begin, end), by blocks; `others`: but those that have looked at it already.
struct SomeRows {
  size_t begin, end;
  bool others;
};

template <typename Body>
MERGANSER_INLINE void each_block(const ByteRows& rows, const BytePanels& panels, const RowPlaces& places, size_t panel, const SomeRows& some, Body body) {
  for (size_t first = some.begin; first < some.end; first += kBlock) {
    if (!some.others || own_pair(places, first, kBlock, panels.count) != panel / kTilePanels) body(first);
  }
}

// The same by matrix tiles: sums go through memory, and rows are looked at one by one.
template <size_t kCount>
MERGANSER_INLINE void examine_blocks(MatrixTiles& tiles, const ByteRows& rows, const BytePanels& panels, const ByteMargins& margins, const RowPlaces& places, size_t panel, const SomeRows& some_rows,
                                     Candidates* candidates, float* floors) {
  const PanelScale of_panels[2] = {PanelScale(panels, panel), PanelScale(panels, panel + kCount - 1)};
  each_block(rows, panels, places, panel, some_rows, [&](size_t first) MERGANSER_INLINE_LAMBDA {
    alignas(64) float thresholds[kCount][kBlock];
    alignas(64) int32_t sums[kBlock * kBlock];
    for (size_t p = 0; p < kCount; ++p) find_thresholds<kBlock>(rows, first, panels, margins, panel + p, floors, thresholds[p]);
    block_of_sums<true>(tiles, rows.codes + first * rows.stride, rows.stride, panels, panel, sums);
    unsigned found = 0;
    for (size_t row = 0; row < kBlock; ++row) {
      unsigned some = 0;
#pragma GCC unroll 2
      for (size_t p = 0; p < kCount; ++p) some |= not_less(of_panels[p].scores_of_signed(rows.scales[first + row], sums + row * kBlock + p * kPanel), thresholds[p][row]);
      found |= static_cast<unsigned>(some != 0) << row;
    }
    if (rows.count - first < kBlock) found &= (1u << (rows.count - first)) - 1;
    for (; found; found &= found - 1) {
      const size_t row = static_cast<size_t>(std::countr_zero(found));
      for (size_t p = 0; p < kCount; ++p) {
        look_at(rows, margins, first + row, panel + p, of_panels[p].scores_of_signed(rows.scales[first + row], sums + row * kBlock + p * kPanel), candidates, floors);
      }
    }
  });
}

// The same, sums compared.
template <size_t kCount>
MERGANSER_INLINE void examine_blocks_of_sums(MatrixTiles& tiles, const ByteRows& rows, const BytePanels& panels, const ByteMargins& margins, const PairScales& pairs, const RowPlaces& places, size_t panel,
                                             const SomeRows& some_rows, Candidates* candidates, float* floors) {
  const SumThresholds thresholds(panels, margins, pairs, panel, kCount);
  each_block(rows, panels, places, panel, some_rows, [&](size_t first) MERGANSER_INLINE_LAMBDA {
    alignas(64) int32_t least[kBlock], sums[kBlock * kBlock];
    for (size_t row = 0; row < kBlock; row += kPanel) thresholds.of(rows, first + row, floors, least + row);
    block_of_sums<true>(tiles, rows.codes + first * rows.stride, rows.stride, panels, panel, sums);
    __m512i most = _mm512_set1_epi32(-1);
    for (size_t row = 0; row < kBlock; ++row) {
      const __m512i two[2] = {_mm512_load_si512(sums + row * kBlock), _mm512_load_si512(sums + row * kBlock + kPanel)};
      most = _mm512_max_epi32(most, above_least<kCount>(two, least[row]));
    }
    if (!_mm512_cmpge_epi32_mask(most, _mm512_setzero_si512())) return;
    const size_t size = rows.count - first < kBlock ? rows.count - first : kBlock;
    look_at_sums<kCount>(rows, panels, margins, panel, first, size, sums, kBlock, least, candidates, floors);
  });
}
#endif

// Calls one of the two with each pair of panels, and with the last one if that is alone.
template <typename Pair, typename Alone>
MERGANSER_INLINE void each_pair(size_t panels, size_t near, Pair pair, Alone alone) {
  const size_t turns = (panels + kTilePanels - 1) / kTilePanels;
  for (size_t turn = 0; turn < turns; ++turn) {
    const size_t panel = (near + turn) % turns * kTilePanels;
    if (panel + kTilePanels <= panels) pair(panel);
    else alone(panel);
  }
}

}  // namespace

bool compares_sums([[maybe_unused]] size_t dims) {
#if defined(MERGANSER_BYTE_SUMS_IN_LANES)
  return dims <= kShort;
#else
  return false;
#endif
}

void byte_candidates(const ByteRows& rows, const BytePanels& panels, const ByteMargins& margins, const ByteHeads& heads, [[maybe_unused]] const PairScales& pairs, const RowPlaces& places,
                     [[maybe_unused]] bool matrix_tiles, Candidates* candidates, float* floors) {
  for (size_t i = 0; i < rows.count; ++i) candidates[i].count = 0;
  const size_t near = own_pair(places, 0, rows.count, panels.count);
#if defined(MERGANSER_KNOWS_MATRIX_TILES)
  if (matrix_tiles) {
    MatrixTiles tiles;
    const auto look = [&](size_t panel, const SomeRows& some) MERGANSER_INLINE_LAMBDA {
      const bool alone = panel + kTilePanels > panels.count;
      if (pairs.most && alone) examine_blocks_of_sums<1>(tiles, rows, panels, margins, pairs, places, panel, some, candidates, floors);
      else if (pairs.most) examine_blocks_of_sums<kTilePanels>(tiles, rows, panels, margins, pairs, places, panel, some, candidates, floors);
      else if (alone) examine_blocks<1>(tiles, rows, panels, margins, places, panel, some, candidates, floors);
      else examine_blocks<kTilePanels>(tiles, rows, panels, margins, places, panel, some, candidates, floors);
    };
    for (size_t first = 0; first < rows.count; first += kBlock) look(own_pair(places, first, kBlock, panels.count) * kTilePanels, {first, first + kBlock < rows.count ? first + kBlock : rows.count, false});
    const auto others = [&](size_t panel) MERGANSER_INLINE_LAMBDA { look(panel, {0, rows.count, true}); };
    each_pair(panels.count, near, others, others);
    tiles.release();
  } else
#endif
#if defined(MERGANSER_BYTE_SUMS_IN_LANES)
  if (pairs.most) {
    each_pair(
        panels.count, near, [&](size_t panel) MERGANSER_INLINE_LAMBDA { examine_sums<kTilePanels>(rows, panels, margins, pairs, panel, candidates, floors); },
        [&](size_t panel) MERGANSER_INLINE_LAMBDA { examine_sums<1>(rows, panels, margins, pairs, panel, candidates, floors); });
  } else
#endif
    each_pair(
        panels.count, near, [&](size_t panel) MERGANSER_INLINE_LAMBDA { examine<kTilePanels>(rows, panels, margins, heads, panel, candidates, floors); },
        [&](size_t panel) MERGANSER_INLINE_LAMBDA { examine<1>(rows, panels, margins, heads, panel, candidates, floors); });
  for (size_t i = 0; i < rows.count; ++i) {
    if (candidates[i].count <= Candidates::kMost) leave_out_lower(candidates[i], floors[i]);
  }
}

}  // namespace merganser::reduction::MERGANSER_ISA_NS
