// Codes of which each quantizes what those before left: the nearest ones, or by beam search, which keeps several partial sums of codes, of which the one wins that ends nearest to the vector.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "merganser/clustering/centroid_panels.hpp"
#include "merganser/clustering/point_blocks.hpp"
#include "merganser/quantizers/code_vectors.hpp"

namespace merganser::quantizers {

// A codebook as the kernels want it, less about its mean: small numbers keep rounding errors small.
struct PackedCodebook {
  PackedCodebook(const Codebook& codebook, unsigned threads);
  const Codebook source;
  const std::vector<float> centre;  // padded
  clustering::CentroidPanels panels;
};

// For one thread: what it needs besides codebooks stays there from block to block.
class BeamSearch {
 public:
  BeamSearch(const std::vector<PackedCodebook>& codebooks, size_t beam);
  // So many vectors are worth a call.
  static size_t block_rows(size_t beam) { return std::max<size_t>(1, kScoredRows / beam); }
  // vectors: rows `stride` apart, which are changed.
  void encode(float* vectors, size_t stride, size_t count, uint32_t* codes);

 private:
  // Partial sums of codes, the best first.
  struct States {
    size_t width;                // of each vector
    std::vector<float> rests;    // what they leave of it, padded
    std::vector<double> halves;  // ½‖rest − the next codebook's centre‖²
    std::vector<uint32_t> paths;
  };
  // Rows of scores that are computed at a time.
  static constexpr size_t kScoredRows = 240;

  void encode_greedily(float* vectors, size_t stride, size_t count, uint32_t* codes);
  void extend(const States& from, size_t count, size_t book, States& to);
  void best_few(const States& from, size_t row, size_t codes, size_t slots, size_t width);
  void measure(States& states, size_t count, size_t book);

  const std::vector<PackedCodebook>& codebooks_;
  const size_t beam_, dims_, padded_;
  clustering::StagedRows centred_;
  std::vector<float> scores_;
  std::vector<uint32_t> slots_;
  States states_[2];
  std::vector<double> values_;    // ascending
  std::vector<uint64_t> places_;  // state × codes + code
};

}  // namespace merganser::quantizers
