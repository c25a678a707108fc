// How far the centroids of each panel are from where they were in earlier passes, its epochs.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "merganser/clustering/bound_epochs.hpp"
#include "merganser/clustering/centroid_panels.hpp"
#include "merganser/parallel/kept_array.hpp"

namespace merganser::clustering {

class CentroidDrifts {
 public:
  // How many passes are kept, an even number, if that should not take more than `bytes`; few always are.
  static size_t epochs_within(const CentroidPanels& centroids, size_t bytes) { return std::clamp(bytes / bytes_of_epoch(centroids) / 2 * 2, kFewest, kEpochs); }
  static size_t bytes_of_epoch(const CentroidPanels& centroids) { return centroids.slots() * centroids.padded() * sizeof(float); }

  CentroidDrifts(const CentroidPanels& centroids, size_t epochs);

  // Of a panel, and then of the next ones: since each of kEpochs epochs, rounded up.
  const float* of(size_t panel) const { return drifts_.data() + panel * kEpochs; }
  // Of the present pass.
  uint32_t epoch() const { return static_cast<uint32_t>(kept_ - 1); }
  // No further pass can be kept.
  bool full() const { return kept_ == epochs_; }
  // Forgets epochs 1, 3, 5 … but for the last one; the others are 0, 1, 2 … from now on. Most bounds are of epoch 0. Returns what bounds lose by that, per panel and old epoch (halve_epochs).
  std::vector<float> halve(unsigned threads);
  // A pass begins with the centroids as they are.
  void begin_pass(unsigned threads);
  // The centroids of these slots have moved, those that did by more than 0.
  void move(const std::vector<double>& by_slot, unsigned threads);

 private:
  static constexpr size_t kFewest = 4;
  float* place(size_t epoch, size_t slot) { return places_.data() + (epoch * centroids_.slots() + slot) * centroids_.padded(); }

  const CentroidPanels& centroids_;
  size_t epochs_, kept_ = 0;
  parallel::KeptArray<float> places_;  // [epoch][slot]
  std::vector<float> of_slots_;        // [slot][epoch]
  std::vector<float> drifts_;          // [panel][epoch]
};

}  // namespace merganser::clustering
