// What one thread of a bounded assignment needs for a block. For its source files only.
#pragma once
#include <limits>
#include <vector>

#include "merganser/clustering/bounded_assignment.hpp"

namespace merganser::clustering {

// Bounds are rounded outwards.
constexpr float kUp = 1 + 1e-6f;
constexpr float kDown = 1 - 1e-6f;
constexpr float kFar = 1e30f;

// Index: place in the block.
struct BoundedAssignment::Scratch {
  explicit Scratch(const PointBlocks& points)
      : staged(points.staging()),
        list_memory(2 * kLists * (points.block_size() + kListPadding)),
        reach(points.block_size()),
        nearest(points.block_size()),
        norms(points.block_size()),
        form_norms(points.block_size()),
        errors(points.block_size()),
        thresholds(points.block_size()),
        own(points.block_size()),
        before(points.block_size()),
        read(points.block_size()),
        challengers(points.block_size()),
        challenger_scores(points.block_size() * 2 * kPanel) {
    uint32_t* memory = list_memory.data();
    for (ReachLists* of : {&lists, &sifted}) {
      for (uint32_t*& rows : of->rows) {
        rows = memory;
        memory += points.block_size() + kListPadding;
      }
    }
  }
  static constexpr size_t kLists = 3;
  StagedRows staged;
  float most_reach = 0;
  size_t looked = 0, pairs_sifted = 0, pairs_kept = 0;
  std::vector<uint32_t> list_memory;
  ReachLists lists, sifted;
  std::vector<float> reach, nearest, norms, form_norms, errors, thresholds, own;
  std::vector<uint32_t> before;
  std::vector<uint8_t> read;  // whether the row is staged, and reach and threshold are those of its own distance
  std::vector<Challenger> challengers;
  std::vector<float> challenger_scores;
};

}  // namespace merganser::clustering
