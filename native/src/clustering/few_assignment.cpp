#include "merganser/clustering/few_assignment.hpp"

#include <algorithm>

#include "merganser/clustering/score_points.hpp"
#include "merganser/parallel/parallel_for.hpp"

namespace merganser::clustering {
namespace {

// With so few numbers of all centroids, bounds cost more than all products.
constexpr size_t kFewNumbers = 2048;
// Longer points wait for their products, however they stand; and a single iteration does not make up for the copy.
constexpr size_t kMostDims = 128, kLeastIterations = 2;
// Sums of few points read rows that are as short faster than they stage them.
constexpr size_t kKeptDims = 32, kKeptBytes = 16 << 20;
// Panels that one thread takes at a time.
constexpr size_t kAtOnce = 30;

}  // namespace

std::unique_ptr<FewAssignment> FewAssignment::make(PointBlocks& points, const CentroidPanels& centroids, uint32_t iterations, size_t bytes, unsigned threads) {
  const bool few = centroids.panels() < kPanelsForBounds || centroids.slots() * points.dims() <= kFewNumbers;
  if (!few || points.dims() > kMostDims || iterations < kLeastIterations || !points.may_be_copied() || numbers_of(points) * sizeof(float) > bytes) return nullptr;
  points.keep(kKeptDims, std::min(kKeptBytes, bytes - numbers_of(points) * sizeof(float)), threads);
  return std::unique_ptr<FewAssignment>(new FewAssignment(points, centroids, threads));
}

FewAssignment::FewAssignment(const PointBlocks& points, const CentroidPanels& centroids, unsigned threads)
    : points_(points), centroids_(centroids), packed_(numbers_of(points)) {
  const size_t panels = panels_of(points);
  parallel::parallel_for(threads, (panels + kAtOnce - 1) / kAtOnce, [&](size_t part) {
    static const auto pack = MERGANSER_SELECT(pack_panel);
    std::vector<float> staged(kPanel * points_.padded());
    float ones[kPanel];
    std::fill_n(ones, kPanel, 1.f);
    for (size_t panel = part * kAtOnce; panel < std::min(panels, (part + 1) * kAtOnce); ++panel) {
      const float* rows[kPanel] = {};
      for (size_t lane = 0; lane < kPanel && panel * kPanel + lane < points_.size(); ++lane) {
        const size_t position = panel * kPanel + lane;
        rows[lane] = points_.kept(position);
        if (rows[lane]) continue;
        float* const row = staged.data() + lane * points_.padded();
        points_.stage(position, row);
        rows[lane] = row;
      }
      pack(rows, ones, points_.dims(), packed_.data() + place_of(panel));
    }
  });
}

void FewAssignment::assign(unsigned threads, const std::atomic<bool>* cancelled, std::vector<uint32_t>& slots, std::vector<std::vector<Move>>& moves) const {
  static const auto best = MERGANSER_SELECT(best_slots_of_lanes);
  constexpr size_t kCentroidsAtOnce = 8;
  const size_t panels = panels_of(points_), parts = (panels + kAtOnce - 1) / kAtOnce;
  const Rows centroids{centroids_.at(0), centroids_.padded(), (centroids_.count() + kCentroidsAtOnce - 1) / kCentroidsAtOnce * kCentroidsAtOnce};
  moves.assign(parts, {});
  parallel::parallel_for(threads, parts, [&](size_t part) {
    if (cancelled && *cancelled) return;
    uint32_t found[kAtOnce * kPanel];
    const size_t panel = part * kAtOnce, begin = panel * kPanel, end = std::min(points_.size(), begin + kAtOnce * kPanel);
    best({packed_.data() + place_of(panel), std::min(kAtOnce, panels - panel), points_.dims()}, centroids, centroids_.view().halves, found);
    for (size_t at = begin; at < end; at += kPanel) {
      const size_t count = std::min(kPanel, end - at);
      if (std::equal(found + (at - begin), found + (at - begin) + count, slots.data() + at)) continue;
      for (size_t i = at; i < at + count; ++i) {
        const uint32_t slot = found[i - begin];
        if (slot == slots[i]) continue;
        moves[part].push_back({static_cast<uint32_t>(i), slots[i], slot});
        slots[i] = slot;
      }
    }
  });
}

}  // namespace merganser::clustering
