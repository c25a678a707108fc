#include "merganser/clustering/assign_nearest.hpp"

#include <algorithm>
#include <atomic>

#include "merganser/clustering/all_assignment.hpp"
#include "merganser/parallel/parallel_for.hpp"

namespace merganser::clustering {
namespace {

void lower(std::atomic<size_t>& least, size_t value) {
  for (size_t known = least; value < known && !least.compare_exchange_weak(known, value);) {
  }
}

}  // namespace

// Points are read once, from memory that is seldom near: they are measured where they are staged.
void assign_nearest(const NearestSpec& spec, uint32_t* labels, float* distances) {
  if (spec.points.count == 0) return;
  const PointBlocks points(spec.points, spec.spherical, spec.threads, {spec.centroids, spec.clusters});
  CentroidPanels panels(spec.centroids, spec.clusters, spec.points.dims, points.centre());
  panels.pack(spec.threads);
  const AllAssignment all(panels, points.size(), spec.threads);
  const size_t workers = std::min<size_t>(std::max(1u, spec.threads), points.blocks());
  std::atomic<size_t> next{0}, first_bad{points.size()};
  parallel::parallel_for(spec.threads, workers, [&](size_t) {
    StagedRows staged = points.staging();
    AllAssignment::Scratch scratch;
    std::vector<float> squares(points.block_size()), scores(distances ? points.block_size() : 0);
    const auto goes_on = [&] { return first_bad == points.size() && !(spec.cancelled && *spec.cancelled); };
    for (size_t block; goes_on() && (block = next++) < points.blocks();) {
      const size_t begin = points.block_begin(block), count = points.block_count(block), good = points.stage_measured(block, staged, squares.data());
      if (good < count) {
        lower(first_bad, begin + good);
        continue;
      }
      all.assign(staged.rows(count), squares.data(), labels + begin, distances ? scores.data() : nullptr, scratch);
      for (size_t i = 0; distances && i < count; ++i) distances[begin + i] = std::max(0.f, squares[i] - 2 * scores[i]);
    }
  });
  if (first_bad < points.size()) throw NotFinite(first_bad);
}

}  // namespace merganser::clustering
