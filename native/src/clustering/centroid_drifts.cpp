#include "merganser/clustering/centroid_drifts.hpp"

#include "merganser/clustering/row_arithmetic.hpp"
#include "merganser/parallel/parallel_for.hpp"

namespace merganser::clustering {

CentroidDrifts::CentroidDrifts(const CentroidPanels& centroids, size_t epochs)
    : centroids_(centroids),
      epochs_(epochs),
      places_(epochs * centroids.slots() * centroids.padded()),
      of_slots_(centroids.slots() * kEpochs),
      drifts_(centroids.panels() * kEpochs) {}

std::vector<float> CentroidDrifts::halve(unsigned threads) {
  static const auto distance = MERGANSER_SELECT(distance_above);
  std::vector<float> steps(drifts_.size());
  const size_t left = kept_ / 2 + 1;
  parallel::parallel_for(threads, centroids_.panels(), [&](size_t panel) {
    const auto forget = [&](float* drifts) {
      for (size_t epoch = 1; epoch < left; ++epoch) drifts[epoch] = drifts[std::min(2 * epoch, kept_ - 1)];
      std::fill(drifts + left, drifts + kEpochs, 0.f);
    };
    forget(drifts_.data() + panel * kEpochs);
    for (size_t slot = panel * kPanel; slot < (panel + 1) * kPanel; ++slot) {
      forget(of_slots_.data() + slot * kEpochs);
      for (size_t epoch = 1; epoch < left; ++epoch) {
        const size_t early = 2 * epoch - 1, late = std::min(2 * epoch, kept_ - 1);
        float& step = steps[panel * kEpochs + early];
        step = std::max(step, distance(place(early, slot), place(late, slot), centroids_.padded()));
        std::copy_n(place(late, slot), centroids_.padded(), place(epoch, slot));
      }
    }
  });
  kept_ = left;
  return steps;
}

void CentroidDrifts::begin_pass(unsigned threads) {
  const size_t epoch = kept_++, numbers = kPanel * centroids_.padded();
  parallel::parallel_for(threads, centroids_.panels(), [&](size_t panel) { std::copy_n(centroids_.at(panel * kPanel), numbers, place(epoch, panel * kPanel)); });
}

void CentroidDrifts::move(const std::vector<double>& by_slot, unsigned threads) {
  static const auto distance = MERGANSER_SELECT(distance_above);
  parallel::parallel_for(threads, centroids_.panels(), [&](size_t panel) {
    float* const most = drifts_.data() + panel * kEpochs;
    std::fill_n(most, kEpochs, 0.f);
    for (size_t slot = panel * kPanel; slot < (panel + 1) * kPanel; ++slot) {
      float* const of_slot = of_slots_.data() + slot * kEpochs;
      for (size_t epoch = 0; epoch < kept_; ++epoch) {
        if (by_slot[slot] > 0) of_slot[epoch] = distance(centroids_.at(slot), place(epoch, slot), centroids_.padded());
        most[epoch] = std::max(most[epoch], of_slot[epoch]);
      }
    }
  });
}

}  // namespace merganser::clustering
