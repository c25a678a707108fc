#include "merganser/clustering/byte_centroids.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "merganser/parallel/parallel_for.hpp"

namespace merganser::clustering {
namespace {

constexpr float kUp = 1 + 1e-6f;

}  // namespace

// An odd panel has a partner.
ByteCentroids::ByteCentroids(const CentroidPanels& centroids, size_t stride, PlacesOfBytes places)
    : centroids_(centroids),
      stride_(stride),
      places_(places),
      rows_(centroids.slots() * stride),
      panels_((centroids.slots() + kPanel) * stride),
      slots_(centroids.slots()),
      starts_(centroids.slots() + kPanel),
      scales_(centroids.slots()),
      halves_(centroids.slots()),
      lengths_(centroids.panels()),
      errors_(centroids.panels()) {
  std::iota(slots_.begin(), slots_.end(), 0u);
}

void ByteCentroids::renew(unsigned threads) {
  const float* const halves = centroids_.view().halves;
  if (places_ == PlacesOfBytes::by_length) std::sort(slots_.begin(), slots_.end(), [&](uint32_t a, uint32_t b) { return halves[a] > halves[b] || (halves[a] == halves[b] && a < b); });
  parallel::parallel_for(threads, centroids_.panels(), [&](size_t panel) { pack_panel(panel); });
}

void ByteCentroids::pack_panel(size_t panel) {
  static const auto round = MERGANSER_SELECT(to_bytes);
  static const auto pack = MERGANSER_SELECT(pack_byte_panel);
  lengths_[panel] = errors_[panel] = 0;
  for (size_t place = panel * kPanel; place < (panel + 1) * kPanel; ++place) {
    const uint32_t slot = slots_[place];
    halves_[place] = centroids_.view().halves[slot];
    const float length = slot < centroids_.count() ? length_above(-2 * halves_[place]) : 0;
    const ByteForm form = round(centroids_.at(slot), centroids_.dims(), length, ByteCodes::centroid, reinterpret_cast<uint8_t*>(rows_.data() + place * stride_));
    scales_[place] = form.scale;
    lengths_[panel] = std::max(lengths_[panel], (length + form.error) * kUp);
    errors_[panel] = std::max(errors_[panel], form.error);
  }
  pack(rows_.data() + panel * kPanel * stride_, stride_ / kByteGroup, panel, panels_.data(), starts_.data());
}

BytePanels ByteCentroids::view() const {
  return {panels_.data(), starts_.data(), scales_.data(), halves_.data(), lengths_.data(), errors_.data(), centroids_.panels(), stride_ / kByteGroup};
}

}  // namespace merganser::clustering
