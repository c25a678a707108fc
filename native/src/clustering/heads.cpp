#include "merganser/clustering/heads.hpp"

#include <algorithm>
#include <cmath>

#include "merganser/clustering/leading_directions.hpp"
#include "merganser/parallel/parallel_for.hpp"

namespace merganser::clustering {
namespace {

// Heads are that long, or a multiple.
constexpr size_t kStep = 16;
constexpr size_t kLongest = 96, kLeastDims = 48;
// What a tile of heads costs besides its dimensions, in dimensions; and how much cheaper all must become.
constexpr double kOverhead = 20;
constexpr double kWorthwhile = 0.85;
constexpr size_t kSample = 128;
constexpr float kUp = 1 + 1e-6f;

// How often a panel is not excluded by heads of `step × kStep`, for each step; [0] counts for nothing.
std::vector<double> survivors(const PointBlocks& points, const CentroidPanels& centroids, const std::vector<uint32_t>& slots,
                              const std::vector<float>& directions) {
  const auto dot_product = MERGANSER_SELECT(dot);
  const size_t dims = points.dims(), count = directions.size() / dims, steps = (count + 1) / kStep;
  std::vector<float> centroid_parts(centroids.count() * count);
  std::vector<double> squares(centroids.count()), result(steps + 1);
  for (size_t slot = 0; slot < centroids.count(); ++slot) {
    for (size_t i = 0; i < count; ++i) centroid_parts[slot * count + i] = dot_product(directions.data() + i * dims, centroids.at(slot), dims);
    squares[slot] = -2.0 * static_cast<double>(centroids.view().halves[slot]);
  }
  const size_t sample = std::min({points.size(), kSample, size_t{2'000'000} / centroids.count() + 16});
  std::vector<float> row(points.padded());
  std::vector<double> parts(count);
  for (size_t s = 0; s < sample; ++s) {
    const size_t position = s * points.size() / sample;
    points.stage(position, row.data());
    const double norm = points.squared_norm_at(position);
    const uint32_t own = slots[position];
    const double own_distance = norm - 2.0 * static_cast<double>(dot_product(row.data(), centroids.at(own), points.padded())) + squares[own];
    for (size_t i = 0; i < count; ++i) parts[i] = dot_product(directions.data() + i * dims, row.data(), dims);
    for (size_t panel = 0; panel < centroids.panels(); ++panel) {
      size_t needed = 0;
      for (size_t slot = panel * kPanel; slot < std::min(centroids.count(), (panel + 1) * kPanel) && needed < steps; ++slot) {
        if (slot == own) continue;
        double rest = norm, centroid_rest = squares[slot], sum = 0;
        size_t passed = 0;
        for (size_t i = 0; i < count; ++i) {
          const double part = centroid_parts[slot * count + i];
          rest -= parts[i] * parts[i];
          centroid_rest -= part * part;
          sum += parts[i] * part;
          if ((i + 2) % kStep != 0) continue;
          if (norm + squares[slot] - 2 * (sum + std::sqrt(std::max(0.0, rest) * std::max(0.0, centroid_rest))) >= own_distance) break;
          ++passed;
        }
        needed = std::max(needed, passed);
      }
      for (size_t step = 1; step <= needed; ++step) result[step] += 1.0 / static_cast<double>(sample * centroids.panels());
    }
  }
  return result;
}

// 0: none pays.
size_t best_width(const std::vector<double>& surviving, size_t dims) {
  double least = kWorthwhile * static_cast<double>(dims);
  size_t width = 0;
  for (size_t step = 1; step < surviving.size(); ++step) {
    const double cost = Heads::cost(step * kStep, surviving[step], static_cast<double>(dims));
    if (cost < least) least = cost, width = step * kStep;
  }
  return width;
}

PackedRows pack(const std::vector<float>& rows, size_t dims) {
  PackedRows packed(rows.size() / dims, dims, 0);
  for (size_t row = 0; row < rows.size() / dims; ++row) packed.set(row, rows.data() + row * dims);
  return packed;
}

}  // namespace

double Heads::cost(size_t width, double surviving, double dims) { return static_cast<double>(width) + kOverhead + surviving * dims; }

std::unique_ptr<Heads> Heads::make(const PointBlocks& points, const CentroidPanels& centroids, const std::vector<uint32_t>& slots, size_t bytes,
                                   unsigned threads) {
  const size_t dims = points.dims(), longest = std::min(kLongest, dims / 2 / kStep * kStep);
  if (dims < kLeastDims || points.size() * (longest + kStep) * sizeof(float) > bytes) return nullptr;
  std::vector<float> directions = leading_directions(points, longest - 1, threads);
  const size_t width = best_width(survivors(points, centroids, slots, directions), dims);
  if (width == 0) return nullptr;
  directions.resize((width - 1) * dims);
  return std::unique_ptr<Heads>(new Heads(points, centroids, std::move(directions), width, threads));
}

Heads::Heads(const PointBlocks& points, const CentroidPanels& centroids, std::vector<float> directions, size_t width, unsigned threads)
    : points_(points),
      centroids_(centroids),
      width_(width),
      stride_(width + kStep),
      defect_(orthogonality_defect(directions, points.dims()) + std::sqrt(static_cast<double>(width)) * static_cast<double>(points.dims() + 8) * 6e-8),
      directions_(pack(directions, points.dims())),
      heads_(points.blocks() * points.block_size() * stride_),
      packed_(centroids.slots(), width, 0) {
  static const auto scores = MERGANSER_SELECT(all_scores);
  const size_t out_stride = directions_.slots();
  parallel::parallel_for(threads, points_.blocks(), [&](size_t block) {
    StagedRows staged = points_.staging();
    points_.stage_block(block, staged);
    const size_t count = points_.block_count(block), begin = points_.block_begin(block);
    std::vector<float> coordinates(count * out_stride);
    scores(staged.rows(count), directions_.view(), coordinates.data(), out_stride);
    for (size_t i = 0; i < count; ++i) {
      finish(coordinates.data() + i * out_stride, points_.squared_norm_at(begin + i), heads_.data() + (begin + i) * stride_);
    }
  });
}

void Heads::finish(const float* coordinates, double square, float* head) const {
  double rest = square;
  for (size_t i = 0; i + 1 < width_; ++i) {
    head[i] = coordinates[i];
    rest -= static_cast<double>(coordinates[i]) * static_cast<double>(coordinates[i]);
  }
  head[width_ - 1] = static_cast<float>(std::sqrt(std::max(0.0, rest) + 3 * defect_ * square)) * kUp;
}

void Heads::renew(unsigned threads) {
  static const auto scores = MERGANSER_SELECT(all_scores);
  const size_t out_stride = directions_.slots();
  parallel::parallel_for(threads, centroids_.panels(), [&](size_t panel) {
    std::vector<float> coordinates(kPanel * out_stride), head(width_);
    scores({centroids_.at(panel * kPanel), centroids_.padded(), kPanel}, directions_.view(), coordinates.data(), out_stride);
    for (size_t lane = 0; lane < kPanel; ++lane) {
      const size_t slot = panel * kPanel + lane;
      const float half = centroids_.view().halves[slot];
      finish(coordinates.data() + lane * out_stride, slot < centroids_.count() ? -2.0 * static_cast<double>(half) : 0, head.data());
      packed_.set(slot, head.data());
      packed_.set_half(slot, half);
    }
  });
}

float Heads::allowance(float norm) const { return static_cast<float>(6 * defect_ * centroids_.greatest_norm() * std::sqrt(norm)); }

void Heads::sift(size_t block, size_t panel, size_t how_many, size_t alone, uint32_t* list, size_t count, const BlockBounds& bounds, const float* reach,
                 ReachLists& kept) const {
  static const auto kernel = MERGANSER_SELECT(sift_by_heads);
  const Rows rows{heads_.data() + points_.block_begin(block) * stride_, stride_, points_.block_count(block)};
  kernel(rows, packed_.view(), panel, how_many, alone, list, count, bounds, reach, kept);
}

}  // namespace merganser::clustering
