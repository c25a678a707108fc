#include "merganser/clustering/point_blocks.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "merganser/clustering/greatest_square.hpp"
#include "merganser/parallel/parallel_for.hpp"

namespace merganser::clustering {
namespace {

// What of a second-level cache of a megabyte a block may fill: panels pass by it besides, once for each block, and come from farther away.
constexpr size_t kBlockBytes = 750 << 10;
constexpr size_t kCentreSample = 4096;
// Rows of the sample that tell whether the mean is far from all, and the square of how many times as far as rows are from each other.
constexpr size_t kLooks = 64;
constexpr double kFarSquare = 4096;
// What is shorter than its inverse stays shorter than 1.
constexpr double kGreatestScale = std::numeric_limits<float>::max();

// Whole steps of a part of the greatest difference from it: subtracting it from small whole numbers, or from other short ones, is exact then, and so are ties between their scores.
float short_number(double value, double greatest) {
  if (!std::isfinite(static_cast<float>(value))) return 0;
  if (!(greatest > 0)) return static_cast<float>(value);
  const double step = std::ldexp(1, std::ilogb(greatest) - 5);
  return static_cast<float>(std::floor(value / step + 0.5) * step);
}

bool fits(double squared_norm) { return squared_norm < kGreatestSquare; }

// Whether a mean lies far from every row, by rows evenly taken: few that are very far have drawn it away from the others, where their differences from it would lose what
// they differ in. Then it becomes the nearest of those rows.
template <class Stage>
void leave_the_far(std::vector<float>& mean, size_t sample, Stage&& stage) {
  const size_t looks = std::min(sample, kLooks);
  std::vector<float> row(mean.size()), before(mean.size()), nearest(mean.size());
  std::vector<double> steps;
  double least = std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < looks; ++i) {
    stage(i * sample / looks, row.data());
    double off = 0, step = 0;
    for (size_t dim = 0; dim < row.size(); ++dim) {
      const double to_mean = static_cast<double>(row[dim]) - mean[dim], to_before = static_cast<double>(row[dim]) - before[dim];
      off += to_mean * to_mean;
      step += to_before * to_before;
    }
    // What is not finite is found later.
    if (!std::isfinite(off)) return;
    if (i > 0) steps.push_back(step);
    before = row;
    if (off < least) {
      least = off;
      nearest = row;
    }
  }
  std::sort(steps.begin(), steps.end());
  if (!steps.empty() && least > kFarSquare * steps[steps.size() / 2]) mean = nearest;
}

// The mean of a sample of `count` rows, or a row where the mean is far from all. NaN and infinity, which are found later, count as 0.
template <class Stage>
std::vector<float> short_mean(size_t count, size_t padded, Stage&& stage) {
  const size_t sample = std::min(count, kCentreSample);
  std::vector<double> sums(padded);
  std::vector<float> row(padded), mean(padded), least(padded, std::numeric_limits<float>::infinity()), most(padded, -std::numeric_limits<float>::infinity());
  for (size_t i = 0; i < sample; ++i) {
    stage(i * count / sample, row.data());
    for (size_t dim = 0; dim < padded; ++dim) {
      sums[dim] += row[dim];
      least[dim] = std::min(least[dim], row[dim]);
      most[dim] = std::max(most[dim], row[dim]);
    }
  }
  for (size_t dim = 0; dim < padded; ++dim) {
    const double of = sums[dim] / static_cast<double>(sample);
    mean[dim] = short_number(of, std::max(most[dim] - of, of - least[dim]));
  }
  leave_the_far(mean, sample, [&](size_t i, float* out) { stage(i * count / sample, out); });
  return mean;
}

// 1.5 × 2^e such that numbers of at most that magnitude, rounded by adding and subtracting it, sum exactly over `count` of them; and the same for what that leaves.
Grids grids_for(double magnitude, size_t count) {
  if (magnitude == 0) return {};
  const int bits = 50 - std::bit_width(count), coarse = std::ilogb(magnitude) + 1 - bits;
  return {std::ldexp(1.5, coarse + 52), std::ldexp(1.5, coarse - bits + 52)};
}

double rounded(double value, double grid) { return (value + grid) - grid; }

size_t fitting_block(size_t padded) { return std::clamp<size_t>(kBlockBytes / (4 * padded) / 24 * 24, 48, 480); }

}  // namespace

StagedRows::StagedRows(size_t count, size_t padded) : stride_(padded + kBetweenRows), memory_(count * stride_) {
  for (size_t i = 0; i < count; ++i) std::fill_n(row(i) + padded, kBetweenRows, 0.f);
}

std::vector<float> centre_on(const CentredOn& vectors, size_t dims) {
  return short_mean(vectors.count, (dims + 7) / 8 * 8, [&](size_t i, float* out) { std::copy_n(vectors.rows + i * dims, dims, out); });
}

PointBlocks::PointBlocks(const PointSet& points, bool unit_length, unsigned threads, const CentredOn* others)
    : source_{points.data, points.type, points.dims, nullptr, nullptr},
      rows_(points.rows),
      count_(points.count),
      padded_((points.dims + 7) / 8 * 8),
      block_size_(fitting_block(padded_)),
      stage_row_(MERGANSER_SELECT(stage_row)),
      expect_row_(MERGANSER_SELECT(expect_row)),
      order_(points.count) {
  std::iota(order_.begin(), order_.end(), 0u);
  if (points.weights) {
    weights_.assign(points.weights, points.weights + count_);
    // Weights add up exactly too, so that a cluster's weight does not depend on the order.
    weight_grids_ = grids_for(*std::max_element(weights_.begin(), weights_.end()), count_);
    for (double& weight : weights_) {
      const double most = rounded(weight, weight_grids_.coarse);
      weight = most + rounded(weight - most, weight_grids_.fine);
    }
  }
  if (unit_length) find_scales(threads);
  centre_ = others ? centre_on(*others, dims()) : short_mean(count_, padded_, [&](size_t i, float* out) { stage(i, out); });
  source_.centre = centre_.data();
}

PointBlocks::PointBlocks(const PointSet& points, bool unit_length, unsigned threads) : PointBlocks(points, unit_length, threads, nullptr) { measure(threads); }

PointBlocks::PointBlocks(const PointSet& points, bool unit_length, unsigned threads, const CentredOn& others) : PointBlocks(points, unit_length, threads, &others) {}

void PointBlocks::stage_block(size_t block, StagedRows& staged) const {
  const size_t begin = block_begin(block), count = block_count(block);
  for (size_t i = 0; i < count; ++i) {
    expect(begin + i + kExpectAhead);
    stage(begin + i, staged.row(i));
  }
}

size_t PointBlocks::stage_measured(size_t block, StagedRows& staged, float* squared_norms) const {
  static const auto square = MERGANSER_SELECT(squared_norm);
  const size_t begin = block_begin(block), count = block_count(block);
  for (size_t i = 0; i < count; ++i) {
    expect(begin + i + kExpectAhead);
    stage(begin + i, staged.row(i));
    const double norm = square(staged.row(i), padded_);
    if (!fits(norm)) return i;
    squared_norms[i] = static_cast<float>(norm);
  }
  return count;
}

void PointBlocks::find_scales(unsigned threads) {
  size_t last = count_;
  if (rows_) last = count_ ? *std::max_element(rows_, rows_ + count_) + size_t{1} : 0;
  scales_.resize(last, 1);
  const auto square = MERGANSER_SELECT(squared_norm);
  parallel::parallel_for(threads, blocks(), [&](size_t block) {
    std::vector<float> row(padded_);
    for (size_t i = block_begin(block); i < block_begin(block) + block_count(block); ++i) {
      stage(i, row.data());
      const double length = std::sqrt(square(row.data(), padded_));
      scales_[row_of(static_cast<uint32_t>(i))] = length > 0 ? static_cast<float>(std::min(1 / length, kGreatestScale)) : 1;
    }
  });
  source_.scales = scales_.data();
}

void PointBlocks::measure(unsigned threads) {
  squared_norms_.resize(count_);
  const auto square = MERGANSER_SELECT(squared_norm);
  const auto magnitude = MERGANSER_SELECT(greatest_magnitude);
  std::vector<double> squares(blocks()), greatest(blocks());
  std::vector<size_t> bad(blocks(), count_);
  parallel::parallel_for(threads, blocks(), [&](size_t block) {
    std::vector<float> row(padded_);
    for (size_t i = block_begin(block); i < block_begin(block) + block_count(block); ++i) {
      stage(i, row.data());
      const double norm = square(row.data(), padded_);
      if (!fits(norm)) {
        bad[block] = std::min(bad[block], i);
        continue;
      }
      const double weight = weight_at(i);
      squared_norms_[i] = static_cast<float>(norm);
      squares[block] += weight * norm;
      greatest[block] = std::max(greatest[block], weight * static_cast<double>(magnitude(row.data(), padded_)));
    }
  });
  const size_t first_bad = *std::min_element(bad.begin(), bad.end());
  if (first_bad < count_) throw NotFinite(first_bad);
  total_square_ = std::accumulate(squares.begin(), squares.end(), 0.0);
  grids_ = grids_for(*std::max_element(greatest.begin(), greatest.end()), count_);
}

size_t PointBlocks::keep(size_t most_dims, size_t bytes, unsigned threads) {
  const size_t needed = blocks() * block_size_ * padded_ * sizeof(float);
  if (kept_ || !may_be_copied() || dims() > most_dims || needed > bytes) return 0;
  auto rows = std::make_unique<parallel::KeptArray<float>>(needed / sizeof(float));
  rows->clear_from(count_ * padded_);
  parallel::parallel_for(threads, blocks(), [&](size_t block) {
    const size_t begin = block_begin(block), end = begin + block_count(block);
    for (size_t position = begin; position < end; ++position) {
      expect(position + kExpectAhead);
      stage(position, rows->data() + position * padded_);
    }
  });
  kept_ = std::move(rows);
  return needed;
}

void PointBlocks::reorder(const std::vector<uint32_t>& new_order) {
  kept_.reset();
  std::vector<uint32_t> moved(count_);
  for (size_t i = 0; i < count_; ++i) moved[i] = order_[new_order[i]];
  order_.swap(moved);
}

}  // namespace merganser::clustering
