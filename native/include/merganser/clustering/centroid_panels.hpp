// Centroids in slots, 16 to a panel. The slots can be regrouped so that near centroids share a panel; the ids that users see stay what they were.
#pragma once
#include <cstdint>
#include <vector>

#include "merganser/clustering/score_panels.hpp"
#include "merganser/parallel/kept_array.hpp"

namespace merganser::clustering {

class CentroidPanels {
 public:
  // centroids: count × dims, in the coordinates of the points, whose `centre` (padded long) is subtracted.
  CentroidPanels(const float* centroids, size_t count, size_t dims, const std::vector<float>& centre);

  size_t count() const { return count_; }
  size_t slots() const { return panels_ * kPanel; }
  size_t panels() const { return panels_; }
  size_t dims() const { return dims_; }
  size_t padded() const { return padded_; }
  uint32_t id_of(size_t slot) const { return ids_[slot]; }
  uint32_t slot_of(size_t id) const { return slot_of_[id]; }

  // Centred coordinates of one centroid, padded with zeros.
  const float* at(size_t slot) const { return rows_.data() + slot * padded_; }
  float* at(size_t slot) { return rows_.data() + slot * padded_; }
  // What the centroid of a slot is in the caller's coordinates, and setting it from there.
  const float* original(size_t slot) const { return originals_.data() + slot * dims_; }
  void set_original(size_t slot, const double* coordinates);

  // Renews the packed panels and half norms after centroids have changed.
  void pack(unsigned threads);
  Panels view() const { return {packed_.data(), halves_.data(), panels_, dims_}; }
  // Greatest ‖c‖ at the last `pack`.
  double greatest_norm() const { return greatest_norm_; }

  // Puts near centroids into the same panel; new_slots[old slot] says where each went.
  void regroup(std::vector<uint32_t>& new_slots);

 private:
  void split(uint32_t* slots, size_t count, std::vector<float>& scratch) const;

  size_t count_, dims_, padded_, panels_;
  const std::vector<float> centre_;
  std::vector<float> originals_, rows_;
  std::vector<uint32_t> ids_, slot_of_;
  parallel::KeptArray<float> packed_, halves_;
  double greatest_norm_ = 0;
};

}  // namespace merganser::clustering
