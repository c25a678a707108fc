// The nearest of all centroids for each point, without bounds of an earlier pass: the slots and scores of best_slots, to the bit.
//
// Where the processor is fast at them, bytes come first. Products of them cost a quarter of those in single precision, or a thirtieth by matrix tiles, and how far off they are is known (see byte_forms.hpp). Of a thousand centroids two to twenty may
// then be a point's nearest. Products of these in any order of their terms leave one or two, and those are computed as the tiles of score_panels would, term after term.
// Points for which bytes leave too many (centroids that are alike, lengths of very different size) are left to those tiles; where that is a quarter of a block, so are the next ones.
#pragma once
#include <optional>
#include <vector>

#include "merganser/clustering/byte_centroids.hpp"
#include "merganser/clustering/byte_hits.hpp"
#include "merganser/clustering/point_blocks.hpp"

namespace merganser::clustering {

class AllAssignment {
 public:
  // What one thread needs besides.
  struct Scratch {
    std::vector<uint8_t> codes;
    std::vector<float> scales, errors, lengths;
    std::vector<uint16_t> hits;
    struct Pair {
      uint32_t row, slot;
    };
    std::vector<Pair> pairs;
    std::vector<uint32_t> left_over, slots;
    std::vector<float> products, rows, scores;
    // So many blocks are left to the tiles, and how many will be the next time.
    size_t pause = 0, next_pause = 1;
  };

  // The centroids are packed, and stay as they are. points: how many there will be, about.
  AllAssignment(const CentroidPanels& centroids, size_t points, unsigned threads);

  // squares: ‖row‖². scores: null: not wanted.
  void assign(const Rows& rows, const float* squares, uint32_t* slots, float* scores, Scratch& scratch) const;

 private:
  static bool bytes_pay(const CentroidPanels& centroids, size_t points);
  void assign_some(const Rows& rows, const float* squares, uint32_t* slots, float* scores, Scratch& scratch) const;
  void choose(const Rows& rows, size_t row, float length, bool wanted, uint32_t* slots, Scratch& scratch) const;
  void settle(const Rows& rows, uint32_t* slots, float* scores, Scratch& scratch) const;
  void take_left_over(const Rows& rows, uint32_t* slots, float* scores, Scratch& scratch) const;

  const CentroidPanels& centroids_;
  bool matrix_tiles_ = false;
  size_t stride_ = 0, most_slots_ = 0;
  ScoreErrors errors_{};
  std::optional<ByteCentroids> bytes_;
};

}  // namespace merganser::clustering
