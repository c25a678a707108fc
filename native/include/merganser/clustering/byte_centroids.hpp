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

// `by_slot`: they stand as the centroids do. `by_length`: the short ones first, as what is known of a panel's scores is what is known of its longest centroid's.
enum class PlacesOfBytes : uint8_t { by_slot, by_length };

class ByteCentroids {
 public:
  // stride: bytes of a row, a multiple of four that has room for all dimensions.
  ByteCentroids(const CentroidPanels& centroids, size_t stride, PlacesOfBytes places);

  // After centroids have changed and are packed.
  void renew(unsigned threads);
  BytePanels view() const;
  uint32_t slot_at(size_t place) const { return slots_[place]; }
  const int8_t* row(size_t place) const { return rows_.data() + place * stride_; }
  int32_t start(size_t place) const { return starts_[place]; }
  float scale(size_t place) const { return scales_[place]; }

 private:
  void pack_panel(size_t panel);

  const CentroidPanels& centroids_;
  const size_t stride_;
  const PlacesOfBytes places_;
  parallel::HugeArray<int8_t> rows_, panels_;
  std::vector<uint32_t> slots_;
  std::vector<int32_t> starts_;
  std::vector<float> scales_, halves_, lengths_, errors_;  // by place; lengths and errors by panel
};

}  // namespace merganser::clustering
