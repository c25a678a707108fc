// Rows of a matrix as panels; their half norms are zero, so that scores are products.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "merganser/clustering/score_panels.hpp"

namespace merganser::clustering {

class PackedRows {
 public:
  // `padding` is what a slot without a row starts with.
  PackedRows(size_t rows, size_t dims, float padding) : panels_((rows + kPanel - 1) / kPanel), dims_(dims), memory_(panels_ * kPanel * (dims + 1) + 16) {
    packed_ = memory_.data() + (64 - reinterpret_cast<uintptr_t>(memory_.data()) % 64) % 64 / sizeof(float);
    halves_ = packed_ + panels_ * kPanel * dims;
    std::fill(halves_ + rows, halves_ + panels_ * kPanel, padding);
  }
  void set(size_t slot, const float* row) {
    float* const to = packed_ + slot / kPanel * dims_ * kPanel + slot % kPanel;
    for (size_t dim = 0; dim < dims_; ++dim) to[dim * kPanel] = row[dim];
  }
  void set_half(size_t slot, float half) { halves_[slot] = half; }
  size_t slots() const { return panels_ * kPanel; }
  Panels view() const { return {packed_, halves_, panels_, dims_}; }

 private:
  size_t panels_, dims_;
  std::vector<float> memory_;
  float *packed_, *halves_;
};

}  // namespace merganser::clustering
