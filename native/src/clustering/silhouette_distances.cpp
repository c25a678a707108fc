#include <algorithm>
#include <atomic>
#include <limits>
#include <vector>

#include "merganser/clustering/double_rows.hpp"
#include "merganser/clustering/linkage.hpp"
#include "merganser/clustering/linkage_rows.hpp"
#include "merganser/clustering/pair_distances.hpp"
#include "merganser/clustering/silhouette.hpp"
#include "merganser/parallel/parallel_for.hpp"

namespace merganser::clustering {
namespace {

// Points whose distances are added up at a time: of a condensed matrix their columns are read in pieces of so many numbers.
constexpr size_t kPoints = 64;

class GivenDistances {
 public:
  GivenDistances(const double* distances, bool condensed, const ClusterLabels& clusters) : distances_(distances), condensed_(condensed), clusters_(clusters) {}

  // distances_[start(i) + j] is that of i to j; where they are condensed, i < j.
  size_t start(size_t i) const { return condensed_ ? i * clusters_.count - i * (i + 1) / 2 - i - 1 : i * clusters_.count; }

  // The place of the first one of points [first, last), with those behind them if condensed, that is no distance; else SIZE_MAX.
  size_t first_unfit(size_t first, size_t last) const {
    static const auto unfit = MERGANSER_SELECT(first_unfit);
    const size_t from = start(first) + (condensed_ ? first + 1 : 0), to = start(last) + (condensed_ ? last + 1 : 0);
    const size_t place = unfit(distances_ + from, to - from, kDistanceLimit);
    return place < to - from ? from + place : SIZE_MAX;
  }

  // sums[cluster × kPoints + i]: of point first + i to that cluster.
  void add_up(size_t first, size_t last, std::vector<double>& sums) const {
    static const auto add = MERGANSER_SELECT(add_multiple);
    std::fill(sums.begin(), sums.end(), 0.0);
    if (condensed_) {
      for (size_t other = 0; other + 1 < last; ++other) {
        const size_t from = std::max(first, other + 1);
        add(sums.data() + clusters_.labels[other] * kPoints + (from - first), distances_ + (start(other) + from), 1, last - from);
      }
    }
    for (size_t i = first; i < last; i += kDoublePanel) add_rows(i, std::min(last, i + kDoublePanel), sums.data() + (i - first));
  }

 private:
  // The rows of a few points: eight numbers are added at a time, because sums are in memory, and neighbours may have the same label.
  void add_rows(size_t first, size_t last, double* sums) const {
    static const auto add = MERGANSER_SELECT(add_by_label);
    const size_t common = condensed_ ? last : 0;
    const double* rows[kDoublePanel];
    for (size_t row = 0; row < kDoublePanel; ++row) rows[row] = distances_ + (start(std::min(first + row, last - 1)) + common);
    if (last == first + kDoublePanel) {
      add(rows, clusters_.labels + common, clusters_.count - common, sums, kPoints);
    } else {
      for (size_t row = 0; row < last - first; ++row) {
        for (size_t other = common; other < clusters_.count; ++other) sums[clusters_.labels[other] * kPoints + row] += rows[row][other - common];
      }
    }
    if (!condensed_) return;
    for (size_t i = first; i < last; ++i) {
      for (size_t other = i + 1; other < last; ++other) sums[clusters_.labels[other] * kPoints + (i - first)] += distances_[start(i) + other];
    }
  }

  const double* const distances_;
  const bool condensed_;
  const ClusterLabels& clusters_;
};

}  // namespace

size_t silhouette_of_distances(const double* distances, bool condensed, const ClusterLabels& clusters, const SilhouetteControl& control, double* widths) {
  const GivenDistances given(distances, condensed, clusters);
  const size_t blocks = (clusters.count + kPoints - 1) / kPoints;
  std::vector<size_t> sizes(clusters.clusters), unfit(blocks, SIZE_MAX);
  for (size_t i = 0; i < clusters.count; ++i) ++sizes[clusters.labels[i]];
  std::atomic<size_t> done{0};
  parallel::parallel_for(control.threads, blocks, [&](size_t block) {
    if (control.cancelled && *control.cancelled) return;
    const size_t first = block * kPoints, last = std::min(clusters.count, first + kPoints);
    unfit[block] = given.first_unfit(first, last);
    if (unfit[block] != SIZE_MAX) return;
    std::vector<double> sums(clusters.clusters * kPoints);
    given.add_up(first, last, sums);
    for (size_t i = first; i < last; ++i) {
      const uint32_t own = clusters.labels[i];
      double nearest = std::numeric_limits<double>::infinity();
      for (uint32_t cluster = 0; cluster < clusters.clusters; ++cluster) {
        if (cluster != own) nearest = std::min(nearest, sums[cluster * kPoints + (i - first)] / static_cast<double>(sizes[cluster]));
      }
      widths[i] = silhouette_width(sums[own * kPoints + (i - first)], nearest, sizes[own]);
    }
    const size_t finished = done.fetch_add(last - first) + last - first;
    if (control.progress) control.progress(static_cast<double>(finished) / static_cast<double>(clusters.count));
  });
  return *std::min_element(unfit.begin(), unfit.end());
}

}  // namespace merganser::clustering
