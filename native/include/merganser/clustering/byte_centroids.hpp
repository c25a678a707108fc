// Centroids rounded to bytes, as panels and row after row.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "merganser/clustering/byte_panels.hpp"
#include "merganser/clustering/centroid_panels.hpp"
#include "merganser/parallel/huge_array.hpp"

namespace merganser::clustering {

// At least the length of a vector of that square, which single precision has rounded: below its least normal number anyhow.
inline float length_above(float square) { return std::max(std::sqrt(square) * (1 + 1e-6f), 2e-19f); }

class ByteCentroids {
 public:
  // stride: bytes of a row, a multiple of four that has room for all dimensions.
  ByteCentroids(const CentroidPanels& centroids, size_t stride);

  // After centroids have changed and are packed.
  void renew(unsigned threads);
  BytePanels view() const;
  const int8_t* row(size_t slot) const { return rows_.data() + slot * stride_; }
  int32_t start(size_t slot) const { return starts_[slot]; }
  float scale(size_t slot) const { return scales_[slot]; }

 private:
  void pack_panel(size_t panel);

  const CentroidPanels& centroids_;
  const size_t stride_;
  parallel::HugeArray<int8_t> rows_, panels_;
  std::vector<int32_t> starts_;
  std::vector<float> scales_, lengths_, errors_;  // by slot; lengths and errors by panel
};

}  // namespace merganser::clustering
