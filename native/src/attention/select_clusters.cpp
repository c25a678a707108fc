#include "merganser/attention/select_clusters.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "merganser/attention/cluster_rows.hpp"

namespace merganser::attention {
namespace {

// A heap of clusters, the highest score on top, of equal ones the lowest number. Only those that are chosen are taken out, so nothing else is sorted.
class BestFirst {
 public:
  BestFirst(const float* scores, const uint32_t* offsets, size_t count) {
    heap_.reserve(count);
    for (size_t i = 0; i < count; ++i) {
      if (offsets[i + 1] > offsets[i] && !std::isnan(scores[i])) heap_.push_back(uint64_t{rising(scores[i])} << 32 | ~static_cast<uint32_t>(i));
    }
    std::make_heap(heap_.begin(), heap_.end());
  }
  bool empty() const { return heap_.empty(); }
  uint32_t top() const { return ~static_cast<uint32_t>(heap_.front()); }
  void pop() {
    std::pop_heap(heap_.begin(), heap_.end());
    heap_.pop_back();
  }

 private:
  // Unsigned numbers in the order of the scores; both zeros are the same.
  static uint32_t rising(float score) {
    const uint32_t bits = std::bit_cast<uint32_t>(score + 0.f);
    return bits >> 31 ? ~bits : bits | 0x80000000u;
  }
  std::vector<uint64_t> heap_;
};

double mass_of(const float* scores, const uint32_t* offsets, size_t i) {
  return static_cast<double>(offsets[i + 1] - offsets[i]) * static_cast<double>(scores[i]);
}

size_t above(const float* scores, const uint32_t* offsets, size_t count, double limit, uint32_t* chosen) {
  static const auto above_kernel = MERGANSER_SELECT(clusters_above);
  // A number of single precision is above the limit if it is above the greatest of them that is not.
  float most = static_cast<float>(limit);
  if (static_cast<double>(most) > limit) most = std::nextafter(most, -HUGE_VALF);
  return above_kernel(scores, offsets, count, most, chosen);
}

}  // namespace

size_t select_clusters(const float* scores, const uint32_t* offsets, size_t count, SelectionKind kind, double limit, uint32_t* chosen) {
  if (kind == SelectionKind::threshold) return above(scores, offsets, count, limit, chosen);
  // A budget of 0, or no mass, chooses nothing; the whole mass is everything, whatever the sums round to.
  if (kind == SelectionKind::top_p && limit >= 1) return above(scores, offsets, count, -HUGE_VAL, chosen);
  double whole = 0;
  for (size_t i = 0; i < count; ++i) {
    if (kind == SelectionKind::top_p && offsets[i + 1] > offsets[i] && !std::isnan(scores[i])) whole += mass_of(scores, offsets, i);
  }
  double taken = 0;
  size_t found = 0;
  for (BestFirst clusters(scores, offsets, count); !clusters.empty(); clusters.pop()) {
    const uint32_t cluster = clusters.top();
    if (kind == SelectionKind::budget) {
      taken += offsets[cluster + 1] - offsets[cluster];
      if (!(taken <= limit)) break;
    } else {
      if (!(taken < limit * whole)) break;
      taken += mass_of(scores, offsets, cluster);
    }
    chosen[found++] = cluster;
  }
  std::sort(chosen, chosen + found);
  return found;
}

}  // namespace merganser::attention
