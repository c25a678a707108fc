#include "merganser/clustering/byte_hits.hpp"

#include "merganser/clustering/byte_tile.hpp"
#include "merganser/clustering/tile_bounds.hpp"

namespace merganser::clustering::MERGANSER_ISA_NS {
namespace {

constexpr float kUp = 1 + 1e-6f;
// Of the panels a row's floor is found with at first, at most, and at least this part of all.
constexpr size_t kFirstPanels = 8, kPartOfAll = 8;
static_assert(kHitRows % kTileHeight == 0);

// What is known of the greatest scores of some rows, and what scores must be to matter.
class Floors {
 public:
  MERGANSER_INLINE Floors(const ByteRows& rows, const BytePanels& panels, const ScoreErrors& errors, uint16_t* hits) : rows_(rows), panels_(panels), errors_(errors), hits_(hits) {
    for (size_t row = 0; row < kHitRows; ++row) floors_[row] = kLowestFloor;
    begin_group();
  }

  // Scores of `kCount` panels from `panel` on come next.
  template <size_t kCount>
  MERGANSER_INLINE void begin(size_t panel) {
    for (size_t p = 0; p < kCount; ++p) {
      const float length = panels_.lengths[panel + p], error = panels_.errors[panel + p] + errors_.of_lengths * length;
      length_ = length > length_ ? length : length_;
      error_ = error > error_ ? error : error_;
      for (size_t row = 0; row < rows_.count; ++row) thresholds_[p][row] = floors_[row] - margin(row, length, error);
    }
  }
  template <size_t kCount, typename ScoresOf>
  MERGANSER_INLINE void take(size_t row, size_t panel, ScoresOf scores_of) {
    Floats16 best = Floats16::load(bests_ + row * kPanel);
#pragma GCC unroll 2
    for (size_t p = 0; p < kCount; ++p) {
      const Floats16 scores = scores_of(p);
      best.take_greater(scores);
      hits_[row * panels_.count + panel + p] = static_cast<uint16_t>(not_less(scores, thresholds_[p][row]));
    }
    best.store(bests_ + row * kPanel);
  }
  // Floors become what the panels since the last call leave of them.
  MERGANSER_INLINE void raise() {
    for (size_t first = 0; first < rows_.count; first += kTileHeight) {
      alignas(64) float greatest[kPanel];
      Floats16 bests[kTileHeight];
      for (size_t row = 0; row < kTileHeight; ++row) bests[row] = Floats16::load(bests_ + (first + row) * kPanel);
      greatest_of_rows(bests, greatest);
      for (size_t row = 0; row < kTileHeight; ++row) {
        const float least = greatest[row] - margin(first + row, length_, error_);
        floors_[first + row] = least > floors_[first + row] ? least : floors_[first + row];
      }
    }
    begin_group();
  }

 private:
  // Below all scores, and above those of slots that only fill a panel.
  static constexpr float kLowestFloor = -2e38f;

  MERGANSER_INLINE float margin(size_t row, float length, float error) const { return (rows_.errors[row] * length + rows_.lengths[row] * error + errors_.rest) * kUp; }
  MERGANSER_INLINE void begin_group() {
    length_ = error_ = 0;
    for (size_t i = 0; i < kHitRows * kPanel; ++i) bests_[i] = kLowestScore;
  }

  const ByteRows& rows_;
  const BytePanels& panels_;
  const ScoreErrors& errors_;
  uint16_t* const hits_;
  float length_, error_;
  alignas(64) float bests_[kHitRows * kPanel];
  alignas(64) float thresholds_[2][kHitRows];
  alignas(64) float floors_[kHitRows];
};

template <size_t kCount>
MERGANSER_INLINE void look(const ByteRows& rows, const BytePanels& panels, size_t panel, Floors& floors) {
  floors.begin<kCount>(panel);
  for (size_t first = 0; first < rows.count; first += kTileHeight) {
    Tile<kCount> tile;
    score_bytes(ByteTileRows(rows, first), panels, panel, tile);
#pragma GCC unroll 12
    for (size_t row = 0; row < kTileHeight; ++row) {
      if (first + row < rows.count) floors.take<kCount>(first + row, panel, [&](size_t p) MERGANSER_INLINE_LAMBDA { return tile.scores[p][row]; });
    }
  }
}

#if defined(MERGANSER_KNOWS_MATRIX_TILES)
using simd::MERGANSER_ISA_NS::kBlock;
using simd::MERGANSER_ISA_NS::MatrixTiles;

template <size_t kCount>
MERGANSER_INLINE void look_by_tiles(MatrixTiles& tiles, const ByteRows& rows, const BytePanels& panels, size_t panel, Floors& floors) {
  const PanelScale scales[2] = {PanelScale(panels, panel), PanelScale(panels, panel + kCount - 1)};
  floors.begin<kCount>(panel);
  for (size_t first = 0; first < rows.count; first += kBlock) {
    alignas(64) int32_t sums[kBlock * kBlock];
    block_of_sums(tiles, rows.codes + first * rows.stride, rows.stride, panels, panel, sums);
    const size_t some = rows.count - first < kBlock ? rows.count - first : kBlock;
    for (size_t row = 0; row < some; ++row) {
      floors.take<kCount>(first + row, panel, [&](size_t p) MERGANSER_INLINE_LAMBDA { return scales[p].scores(rows.scales[first + row], sums + row * kBlock + p * kPanel); });
    }
  }
}
#endif

// Calls one of the two with each pair of panels of [begin, end), and with the last one if that is alone.
template <typename Pair, typename Alone>
MERGANSER_INLINE void each_pair(size_t begin, size_t end, Pair pair, Alone alone) {
  for (size_t panel = begin; panel < end; panel += kTilePanels) {
    if (panel + kTilePanels <= end) pair(panel);
    else alone(panel);
  }
}

// Floors rise after as many panels as all before them. What the first panels leave is found when all others have been looked at.
template <typename Some>
MERGANSER_INLINE void in_turns(size_t panels, Floors& floors, Some some) {
  const size_t part = panels / kPartOfAll / kTilePanels * kTilePanels, first = part < kTilePanels ? kTilePanels : part < kFirstPanels ? part : kFirstPanels;
  for (size_t begin = 0, end = first; begin < panels; begin = end, end *= 2) {
    if (end > panels) end = panels;
    some(begin, end);
    floors.raise();
  }
  some(0, first < panels ? first : panels);
}

}  // namespace

void byte_hits(const ByteRows& rows, const BytePanels& panels, const ScoreErrors& errors, [[maybe_unused]] bool matrix_tiles, uint16_t* hits) {
  Floors floors(rows, panels, errors, hits);
#if defined(MERGANSER_KNOWS_MATRIX_TILES)
  if (matrix_tiles) {
    MatrixTiles tiles;
    in_turns(panels.count, floors, [&](size_t begin, size_t end) MERGANSER_INLINE_LAMBDA {
      each_pair(
          begin, end, [&](size_t panel) MERGANSER_INLINE_LAMBDA { look_by_tiles<kTilePanels>(tiles, rows, panels, panel, floors); },
          [&](size_t panel) MERGANSER_INLINE_LAMBDA { look_by_tiles<1>(tiles, rows, panels, panel, floors); });
    });
    tiles.release();
    return;
  }
#endif
  in_turns(panels.count, floors, [&](size_t begin, size_t end) MERGANSER_INLINE_LAMBDA {
    each_pair(
        begin, end, [&](size_t panel) MERGANSER_INLINE_LAMBDA { look<kTilePanels>(rows, panels, panel, floors); },
        [&](size_t panel) MERGANSER_INLINE_LAMBDA { look<1>(rows, panels, panel, floors); });
  });
}

}  // namespace merganser::clustering::MERGANSER_ISA_NS
