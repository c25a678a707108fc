#include "merganser/clustering/byte_hits.hpp"

#include <bit>

#include "merganser/clustering/byte_tile.hpp"
#include "merganser/clustering/tile_bounds.hpp"

namespace merganser::clustering::MERGANSER_ISA_NS {
namespace {

constexpr float kUp = 1 + 1e-6f;
// Of the panels a row's floor is found with at first, at most, and at least this part of all.
constexpr size_t kFirstPanels = 8, kPartOfAll = 8;
// A multiple of what any tile takes.
constexpr size_t kRowsOfAll = 32;
static_assert(kHitRows % kTileHeight == 0 && kHitRows % kRowsOfAll == 0 && kHitRowsBehind == kRowsOfAll - 1);

// What is known of the greatest scores of some rows, and what scores must be to matter.
class Floors {
 public:
  MERGANSER_INLINE Floors(const ByteRows& rows, const BytePanels& panels, const ScoreErrors& errors, uint16_t* hits)
      : panels_(panels), errors_(errors), hits_(hits), count_((rows.count + kHitRowsBehind) / kRowsOfAll * kRowsOfAll) {
    for (size_t row = 0; row < count_; ++row) {
      row_errors_[row] = rows.errors[row];
      row_lengths_[row] = rows.lengths[row];
      floors_[row] = kLowestFloor;
    }
    begin_group();
  }

  // Scores of `kCount` panels from `panel` on come next.
  template <size_t kCount>
  MERGANSER_INLINE void begin(size_t panel) {
    for (size_t p = 0; p < kCount; ++p) {
      const float length = panels_.lengths[panel + p], error = panels_.errors[panel + p] + errors_.of_lengths * length;
      length_ = length > length_ ? length : length_;
      error_ = error > error_ ? error : error_;
      for (size_t first = 0; first < count_; first += kLanes) {
        for (size_t row = first; row < first + kLanes; ++row) thresholds_[p][row] = floors_[row] - margin(row, length, error);
      }
    }
  }
  // kRaise: floors will rise by them.
  template <size_t kCount, bool kRaise, typename ScoresOf>
  MERGANSER_INLINE void take(size_t row, size_t panel, ScoresOf scores_of) {
    Floats16 scores[kCount];
#pragma GCC unroll 2
    for (size_t p = 0; p < kCount; ++p) {
      scores[p] = scores_of(p);
      hits_[row * panels_.count + panel + p] = static_cast<uint16_t>(not_less(scores[p], thresholds_[p][row]));
    }
    if constexpr (!kRaise) return;
    Floats16 best = Floats16::load(bests_ + row * kPanel);
#pragma GCC unroll 2
    for (size_t p = 0; p < kCount; ++p) best.take_greater(scores[p]);
    best.store(bests_ + row * kPanel);
  }
  // Floors become what the panels since the last call leave of them.
  MERGANSER_INLINE void raise() {
    alignas(64) float greatest[kHitRows + kLanes];
    for (size_t first = 0; first < count_; first += kTileHeight) {
      Floats16 bests[kTileHeight];
      for (size_t row = 0; row < kTileHeight; ++row) bests[row] = Floats16::load(bests_ + (first + row) * kPanel);
      greatest_of_rows(bests, greatest + first);
    }
    for (size_t first = 0; first < count_; first += kLanes) {
      for (size_t row = first; row < first + kLanes; ++row) {
        const float least = greatest[row] - margin(row, length_, error_);
        floors_[row] = least > floors_[row] ? least : floors_[row];
      }
    }
    begin_group();
  }

 private:
  // Below all scores, and above those of slots that only fill a panel.
  static constexpr float kLowestFloor = -2e38f;
  // What compilers make vectors of.
  static constexpr size_t kLanes = 16;

  MERGANSER_INLINE float margin(size_t row, float length, float error) const { return (row_errors_[row] * length + row_lengths_[row] * error + errors_.rest) * kUp; }
  MERGANSER_INLINE void begin_group() {
    length_ = error_ = 0;
    for (size_t i = 0; i < kHitRows * kPanel; ++i) bests_[i] = kLowestScore;
  }

  const BytePanels panels_;
  const ScoreErrors errors_;
  uint16_t* const hits_;
  const size_t count_;  // with those behind the last one that tiles have room for
  float length_, error_;
  alignas(64) float bests_[kHitRows * kPanel];
  alignas(64) float thresholds_[2][kHitRows];
  alignas(64) float floors_[kHitRows], row_errors_[kHitRows], row_lengths_[kHitRows];
};

template <size_t kCount, bool kRaise>
MERGANSER_INLINE void look(const ByteRows& rows, const BytePanels& panels, size_t panel, Floors& floors) {
  floors.begin<kCount>(panel);
  for (size_t first = 0; first < rows.count; first += kTileHeight) {
    Tile<kCount> tile;
    score_bytes(ByteTileRows(rows, first), panels, panel, tile);
    // Those behind the last row are nobody's.
#pragma GCC unroll 12
    for (size_t row = 0; row < kTileHeight; ++row) floors.take<kCount, kRaise>(first + row, panel, [&](size_t p) MERGANSER_INLINE_LAMBDA { return tile.scores[p][row]; });
  }
}

#if defined(MERGANSER_KNOWS_MATRIX_TILES)
using simd::MERGANSER_ISA_NS::kBlock;
using simd::MERGANSER_ISA_NS::MatrixTiles;

template <size_t kCount, bool kRaise>
MERGANSER_INLINE void look_by_tiles(MatrixTiles& tiles, const ByteRows& rows, const BytePanels& panels, size_t panel, Floors& floors) {
  const PanelScale scales[2] = {PanelScale(panels, panel), PanelScale(panels, panel + kCount - 1)};
  floors.begin<kCount>(panel);
  for (size_t first = 0; first < rows.count; first += kBlock) {
    alignas(64) int32_t sums[kBlock * kBlock];
    block_of_sums<true>(tiles, rows.codes + first * rows.stride, rows.stride, panels, panel, sums);
    for (size_t row = 0; row < kBlock; ++row) {
      floors.take<kCount, kRaise>(first + row, panel, [&](size_t p) MERGANSER_INLINE_LAMBDA { return scales[p].scores_of_signed(rows.scales[first + row], sums + row * kBlock + p * kPanel); });
    }
  }
}
#endif

// `pair` with each pair of panels of [begin, end), and `alone` with the last one if that has no partner.
template <typename Pair, typename Alone>
MERGANSER_INLINE void each_pair(size_t begin, size_t end, Pair pair, Alone alone) {
  for (size_t panel = begin; panel < end; panel += kTilePanels) {
    if (panel + kTilePanels <= end) pair(panel);
    else alone(panel);
  }
}

// Floors rise with the first panels, and then after as many as all before them, but not after the last ones. What the first ones leave is found when floors have risen.
template <typename Raising, typename Only>
MERGANSER_INLINE void in_turns(size_t panels, Floors& floors, Raising raising, Only only) {
  const size_t part = panels / kPartOfAll / kTilePanels * kTilePanels, some = part < kTilePanels ? kTilePanels : part < kFirstPanels ? part : kFirstPanels;
  const size_t first = some < panels ? some : panels;
  size_t begin = 0, end = first;
  for (; begin == 0 || end < panels; begin = end, end *= 2) {
    raising(begin, end);
    floors.raise();
  }
  only(0, first);
  if (begin < panels) only(begin, panels);
}

}  // namespace

void byte_hits(const ByteRows& rows, const BytePanels& panels, const ScoreErrors& errors, [[maybe_unused]] bool matrix_tiles, uint16_t* hits) {
  Floors floors(rows, panels, errors, hits);
#if defined(MERGANSER_KNOWS_MATRIX_TILES)
  if (matrix_tiles) {
    MatrixTiles tiles;
    const auto some = [&]<bool kRaise>(size_t begin, size_t end) MERGANSER_INLINE_LAMBDA {
      each_pair(
          begin, end, [&](size_t panel) MERGANSER_INLINE_LAMBDA { look_by_tiles<kTilePanels, kRaise>(tiles, rows, panels, panel, floors); },
          [&](size_t panel) MERGANSER_INLINE_LAMBDA { look_by_tiles<1, kRaise>(tiles, rows, panels, panel, floors); });
    };
    in_turns(
        panels.count, floors, [&](size_t begin, size_t end) MERGANSER_INLINE_LAMBDA { some.template operator()<true>(begin, end); },
        [&](size_t begin, size_t end) MERGANSER_INLINE_LAMBDA { some.template operator()<false>(begin, end); });
    tiles.release();
    return;
  }
#endif
  const auto some = [&]<bool kRaise>(size_t begin, size_t end) MERGANSER_INLINE_LAMBDA {
    each_pair(
        begin, end, [&](size_t panel) MERGANSER_INLINE_LAMBDA { look<kTilePanels, kRaise>(rows, panels, panel, floors); },
        [&](size_t panel) MERGANSER_INLINE_LAMBDA { look<1, kRaise>(rows, panels, panel, floors); });
  };
  in_turns(
      panels.count, floors, [&](size_t begin, size_t end) MERGANSER_INLINE_LAMBDA { some.template operator()<true>(begin, end); },
      [&](size_t begin, size_t end) MERGANSER_INLINE_LAMBDA { some.template operator()<false>(begin, end); });
}

size_t list_hits(const uint16_t* hits, size_t panels, size_t room, uint32_t* slots) {
  size_t count = 0;
  const auto add = [&](unsigned bits, size_t panel) MERGANSER_INLINE_LAMBDA {
    for (; bits && count < room; bits &= bits - 1) slots[count++] = static_cast<uint32_t>(panel * kPanel + static_cast<size_t>(std::countr_zero(bits)));
  };
#if defined(__AVX512F__)
  constexpr size_t kAtOnce = 32;
  for (size_t first = 0; first < panels; first += kAtOnce) {
    const size_t left = panels - first;
    const __m512i some = _mm512_maskz_loadu_epi16(left < kAtOnce ? (1u << left) - 1 : ~0u, hits + first);
    for (uint32_t which = _mm512_test_epi16_mask(some, some); which; which &= which - 1) {
      const size_t panel = first + static_cast<size_t>(std::countr_zero(which));
      add(hits[panel], panel);
    }
  }
#else
  for (size_t panel = 0; panel < panels; ++panel) add(hits[panel], panel);
#endif
  return count;
}

}  // namespace merganser::clustering::MERGANSER_ISA_NS
