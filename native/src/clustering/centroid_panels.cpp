#include "merganser/clustering/centroid_panels.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "merganser/clustering/row_arithmetic.hpp"
#include "merganser/parallel/parallel_for.hpp"

namespace merganser::clustering {
namespace {

// Below every score of vectors that are let in: those are above −10³⁸.
constexpr float kNeverBest = -3e38f;
constexpr int kPowerSteps = 4;

}  // namespace

CentroidPanels::CentroidPanels(const float* centroids, size_t count, size_t dims, const std::vector<float>& centre)
    : count_(count),
      dims_(dims),
      padded_(centre.size()),
      panels_((count + kPanel - 1) / kPanel),
      centre_(centre),
      originals_(centroids, centroids + count * dims),
      rows_(panels_ * kPanel * padded_),
      ids_(panels_ * kPanel),
      slot_of_(count),
      packed_(panels_ * kPanel * dims),
      halves_(panels_ * kPanel) {
  std::iota(ids_.begin(), ids_.end(), 0u);
  std::iota(slot_of_.begin(), slot_of_.end(), 0u);
  for (size_t slot = 0; slot < count; ++slot) {
    for (size_t dim = 0; dim < dims; ++dim) at(slot)[dim] = centroids[slot * dims + dim] - centre_[dim];
  }
}

void CentroidPanels::set_original(size_t slot, const double* coordinates) {
  float *const row = at(slot), *const original = originals_.data() + slot * dims_;
  for (size_t dim = 0; dim < dims_; ++dim) {
    original[dim] = static_cast<float>(coordinates[dim]);
    row[dim] = original[dim] - centre_[dim];
  }
}

void CentroidPanels::pack(unsigned threads) {
  const auto square = MERGANSER_SELECT(squared_norm);
  const auto pack_one = MERGANSER_SELECT(pack_panel);
  std::vector<double> greatest(panels_);
  parallel::parallel_for(threads, panels_, [&](size_t panel) {
    const float* rows[kPanel];
    float ones[kPanel];
    for (size_t lane = 0; lane < kPanel; ++lane) {
      const size_t slot = panel * kPanel + lane;
      rows[lane] = at(slot);
      ones[lane] = 1;
      const double norm = square(rows[lane], padded_);
      halves_[slot] = slot < count_ ? static_cast<float>(-0.5 * norm) : kNeverBest;
      greatest[panel] = std::max(greatest[panel], norm);
    }
    pack_one(rows, ones, dims_, packed_.data() + panel * dims_ * kPanel);
  });
  greatest_norm_ = std::sqrt(*std::max_element(greatest.begin(), greatest.end()));
}

// Halves the slots along the direction in which they differ most (a few steps of the power method), and the halves again.
void CentroidPanels::split(uint32_t* slots, size_t count, std::vector<float>& scratch) const {
  if (count <= kPanel) return;
  const auto dot_product = MERGANSER_SELECT(dot);
  scratch.assign(3 * padded_, 0);
  float *const mean = scratch.data(), *const direction = mean + padded_, *const next = direction + padded_;
  for (size_t i = 0; i < count; ++i) {
    for (size_t dim = 0; dim < padded_; ++dim) mean[dim] += at(slots[i])[dim] / static_cast<float>(count);
  }
  for (size_t dim = 0; dim < padded_; ++dim) direction[dim] = at(slots[0])[dim] - mean[dim];
  std::vector<std::pair<float, uint32_t>> projections(count);
  for (int step = 0; step < kPowerSteps; ++step) {
    const float offset = dot_product(mean, direction, padded_);
    std::fill(next, next + padded_, 0.f);
    float total = 0;
    for (size_t i = 0; i < count; ++i) {
      const float* const row = at(slots[i]);
      const float projection = dot_product(row, direction, padded_) - offset;
      projections[i] = {projection, slots[i]};
      total += projection;
      for (size_t dim = 0; dim < padded_; ++dim) next[dim] += projection * row[dim];
    }
    for (size_t dim = 0; dim < padded_; ++dim) next[dim] -= total * mean[dim];
    const float length = std::sqrt(dot_product(next, next, padded_));
    for (size_t dim = 0; dim < padded_; ++dim) direction[dim] = length > 0 ? next[dim] / length : 0;
  }
  const size_t half = (count + kPanel - 1) / kPanel / 2 * kPanel;
  std::nth_element(projections.begin(), projections.begin() + static_cast<ptrdiff_t>(half), projections.end());
  for (size_t i = 0; i < count; ++i) slots[i] = projections[i].second;
  split(slots, half, scratch);
  split(slots + half, count - half, scratch);
}

void CentroidPanels::regroup(std::vector<uint32_t>& new_slots) {
  std::vector<uint32_t> order(count_);
  std::iota(order.begin(), order.end(), 0u);
  std::vector<float> scratch;
  split(order.data(), count_, scratch);
  std::vector<float> rows(rows_.size()), originals(originals_.size());
  std::vector<uint32_t> ids(ids_);
  new_slots.resize(slots());
  std::iota(new_slots.begin(), new_slots.end(), 0u);
  for (size_t slot = 0; slot < count_; ++slot) {
    const uint32_t old = order[slot];
    std::copy_n(at(old), padded_, rows.data() + slot * padded_);
    std::copy_n(original(old), dims_, originals.data() + slot * dims_);
    ids[slot] = ids_[old];
    slot_of_[ids[slot]] = static_cast<uint32_t>(slot);
    new_slots[old] = static_cast<uint32_t>(slot);
  }
  rows_.swap(rows);
  originals_.swap(originals);
  ids_.swap(ids);
}

}  // namespace merganser::clustering
