#include "merganser/clustering/byte_centroids.hpp"

#include <algorithm>
#include <cmath>

#include "merganser/parallel/parallel_for.hpp"

namespace merganser::clustering {
namespace {

constexpr float kUp = 1 + 1e-6f;

}  // namespace

// An odd panel has a partner.
ByteCentroids::ByteCentroids(const CentroidPanels& centroids, size_t stride)
    : centroids_(centroids),
      stride_(stride),
      rows_(centroids.slots() * stride),
      panels_((centroids.slots() + kPanel) * stride),
      starts_(centroids.slots() + kPanel),
      scales_(centroids.slots()),
      lengths_(centroids.panels()),
      errors_(centroids.panels()) {}

void ByteCentroids::renew(unsigned threads) {
  parallel::parallel_for(threads, centroids_.panels(), [&](size_t panel) { pack_panel(panel); });
}

void ByteCentroids::pack_panel(size_t panel) {
  static const auto round = MERGANSER_SELECT(to_bytes);
  static const auto pack = MERGANSER_SELECT(pack_byte_panel);
  lengths_[panel] = errors_[panel] = 0;
  for (size_t lane = 0; lane < kPanel; ++lane) {
    const size_t slot = panel * kPanel + lane;
    int8_t* const codes = rows_.data() + slot * stride_;
    const float length = slot < centroids_.count() ? length_above(-2 * centroids_.view().halves[slot]) : 0;
    const ByteForm form = round(centroids_.at(slot), centroids_.dims(), length, 0, reinterpret_cast<uint8_t*>(codes));
    scales_[slot] = form.scale;
    lengths_[panel] = std::max(lengths_[panel], (length + form.error) * kUp);
    errors_[panel] = std::max(errors_[panel], form.error);
  }
  pack(rows_.data() + panel * kPanel * stride_, stride_ / kByteGroup, panel, panels_.data(), starts_.data());
}

BytePanels ByteCentroids::view() const {
  return {panels_.data(), starts_.data(), scales_.data(), centroids_.view().halves, lengths_.data(), errors_.data(), centroids_.panels(), stride_ / kByteGroup};
}

}  // namespace merganser::clustering
