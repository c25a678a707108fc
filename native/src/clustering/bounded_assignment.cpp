#include "merganser/clustering/bounded_assignment.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "merganser/parallel/parallel_for.hpp"

namespace merganser::clustering {
namespace {

constexpr float kFar = 1e30f;
constexpr float kLowest = -3e38f;
constexpr float kUp = 1 + 1e-6f;
constexpr float kDown = 1 - 1e-6f;
const float kUnknown = std::numeric_limits<float>::quiet_NaN();

}  // namespace

// What one thread needs for a block; index: place in the block.
struct BoundedAssignment::Scratch {
  explicit Scratch(const PointBlocks& points)
      : staged(points.staging()),
        list(points.block_size() + kListPadding),
        reach(points.block_size()),
        nearest(points.block_size()),
        norms(points.block_size()),
        errors(points.block_size()),
        thresholds(points.block_size()),
        own(points.block_size()),
        before(points.block_size()),
        challengers(points.block_size()),
        challenger_scores(points.block_size() * kPanel) {}
  StagedRows staged;
  std::vector<uint32_t> list;
  std::vector<float> reach, nearest, norms, errors, thresholds, own;
  std::vector<uint32_t> before;
  std::vector<Challenger> challengers;
  std::vector<float> challenger_scores;
};

BoundedAssignment::BoundedAssignment(const PointBlocks& points, const CentroidPanels& centroids, std::vector<uint32_t>& slots)
    : points_(points),
      centroids_(centroids),
      slots_(slots),
      bounds_(points.blocks() * points.block_size() * centroids.panels()),
      reach_(points.size()),
      panel_drifts_(centroids.panels()),
      drifts_up_(centroids.panels()),
      slot_drifts_(centroids.slots()) {}

void BoundedAssignment::drift(const std::vector<double>& by_slot) {
  for (size_t panel = 0; panel < centroids_.panels(); ++panel) {
    double most = 0;
    for (size_t lane = 0; lane < kPanel; ++lane) {
      const double moved = by_slot[panel * kPanel + lane] * kUp;
      slot_drifts_[panel * kPanel + lane] += static_cast<float>(moved) * kUp;
      most = std::max(most, moved);
    }
    panel_drifts_[panel] += most;
    drifts_up_[panel] = static_cast<float>(panel_drifts_[panel]) * (1 + 3e-7f);
  }
}

// The score is a chain of `dims` fused multiply-adds after −½‖c‖²: its error is at most that many roundings of the largest partial sum.
float BoundedAssignment::rounding_error(float squared_norm) const {
  const double largest = centroids_.greatest_norm();
  return static_cast<float>(static_cast<double>(points_.dims() + 8) * 6e-8 * (std::sqrt(squared_norm) * largest + 0.5 * largest * largest));
}

void BoundedAssignment::assign(unsigned threads, const std::atomic<bool>* cancelled, std::vector<std::vector<Move>>& moves) {
  moves.assign(points_.blocks(), {});
  std::atomic<size_t> next{0};
  const size_t workers = std::min<size_t>(std::max(1u, threads), points_.blocks());
  parallel::parallel_for(threads, workers, [&](size_t) {
    Scratch scratch(points_);
    for (size_t block; (block = next++) < points_.blocks() && !(cancelled && *cancelled);) assign_block(block, scratch, moves[block]);
  });
  complete_ = true;
  std::fill(slot_drifts_.begin(), slot_drifts_.end(), 0.f);
}

// Reads a point and computes the distance to its own centroid, with a product that is as exact as the score but not the same to the bit.
void BoundedAssignment::measure_own(size_t block, Scratch& scratch, size_t local) {
  static const auto dot_product = MERGANSER_SELECT(dot);
  const size_t position = points_.block_begin(block) + local;
  float* const row = scratch.staged.row(local);
  points_.stage(position, row);
  const uint32_t slot = slots_[position];
  const float norm = points_.squared_norm_at(position), error = rounding_error(norm);
  const float score = dot_product(row, centroids_.at(slot), points_.padded()) + centroids_.view().halves[slot];
  scratch.before[local] = slot;
  scratch.errors[local] = error;
  scratch.norms[local] = norm - 2 * error;
  scratch.thresholds[local] = score - 2 * error;
  scratch.own[local] = kUnknown;
  const float distance = std::sqrt(std::max(0.f, norm - 2 * score + 6 * error)) * kUp;
  scratch.reach[local] = complete_ ? std::min(distance, scratch.reach[local]) : distance;
}

void BoundedAssignment::assign_block(size_t block, Scratch& scratch, std::vector<Move>& moves) {
  static const auto in_reach = MERGANSER_SELECT(rows_in_reach);
  static const auto nearest_of = MERGANSER_SELECT(nearest_bounds);
  static const auto examine = MERGANSER_SELECT(examine_panel);
  const size_t begin = points_.block_begin(block), count = points_.block_count(block), size = points_.block_size(), panels = centroids_.panels();
  std::vector<float>& reach = scratch.reach;
  if (complete_) {
    for (size_t i = 0; i < count; ++i) reach[i] = (reach_[begin + i] + slot_drifts_[slots_[begin + i]]) * kUp;
    std::fill(scratch.nearest.begin(), scratch.nearest.end(), kFar);
    nearest_of(bounds_of(block, 0), panels, size, drifts_up_.data(), scratch.nearest.data());
  } else {
    std::fill_n(bounds_of(block, 0), panels * size, kFar);
  }
  std::fill(reach.begin() + static_cast<ptrdiff_t>(count), reach.end(), -kFar);
  bool any = false;
  for (size_t i = 0; i < count; ++i) {
    const size_t ahead = std::min(i + kExpectAhead, count - 1);
    if (!complete_ || scratch.nearest[ahead] < reach[ahead]) points_.expect(begin + ahead);
    if (!complete_ || scratch.nearest[i] < reach[i]) {
      measure_own(block, scratch, i);
      any = true;
    } else {
      reach_[begin + i] = reach[i];
      reach[i] = -kFar;  // nothing is in its reach
    }
  }
  if (!any) return;
  const Rows rows = scratch.staged.rows(count);
  const Panels view = centroids_.view();
  BlockBounds bounds{nullptr, scratch.norms.data(), scratch.thresholds.data(), slots_.data() + begin, scratch.own.data()};
  for (size_t panel = 0; panel < panels; ++panel) {
    bounds.bounds = bounds_of(block, panel);
    size_t listed = 0;
    if (complete_) {
      listed = in_reach(bounds.bounds, drifts_up_[panel], reach.data(), size, scratch.list.data());
    } else {
      for (; listed < count; ++listed) scratch.list[listed] = static_cast<uint32_t>(listed);
    }
    if (listed == 0) continue;
    const size_t challengers = examine(rows, view, panel, scratch.list.data(), listed, drifts_up_[panel], bounds, scratch.challengers.data(),
                                       scratch.challenger_scores.data());
    if (challengers) settle(block, panel, scratch, challengers);
  }
  for (size_t i = 0; i < count; ++i) {
    if (reach[i] == -kFar) continue;
    reach_[begin + i] = reach[i];
    if (slots_[begin + i] != scratch.before[i]) moves.push_back({static_cast<uint32_t>(begin + i), scratch.before[i], slots_[begin + i]});
  }
}

// Compares the challengers of a panel with the points' own centroids, by exact scores; of equal scores the lowest id wins.
void BoundedAssignment::settle(size_t block, size_t panel, Scratch& scratch, size_t challengers) {
  static const auto exact_score = MERGANSER_SELECT(one_score);
  const Panels view = centroids_.view();
  float* const bounds = bounds_of(block, panel);
  for (size_t i = 0; i < challengers; ++i) {
    const auto [point, score] = scratch.challengers[i];
    const size_t position = points_.block_begin(block) + point;
    const uint32_t own_slot = slots_[position];
    float& own = scratch.own[point];
    if (std::isnan(own)) own = exact_score(scratch.staged.row(point), view, own_slot);
    if (score < own) continue;
    float* const scores = scratch.challenger_scores.data() + i * kPanel;
    size_t best = kPanel;
    for (size_t lane = 0; lane < kPanel; ++lane) {
      if (scores[lane] == score && (best == kPanel || centroids_.id_of(panel * kPanel + lane) < centroids_.id_of(panel * kPanel + best))) best = lane;
    }
    const uint32_t new_slot = static_cast<uint32_t>(panel * kPanel + best);
    if (score == own && centroids_.id_of(own_slot) < centroids_.id_of(new_slot)) continue;
    // The centroid that was the point's own counts for its panel's bound from now on.
    const size_t own_panel = own_slot / kPanel;
    const auto lower_bound = [&](float of_score, size_t of_panel) {
      const float square = scratch.norms[point] - 2 * of_score;
      return ((square > 0 ? std::sqrt(square) : 0.f) * kDown + drifts_up_[of_panel]) * (1 - 3e-7f);
    };
    if (own_panel == panel) {
      scores[own_slot % kPanel] = own;
    } else {
      float& bound = bounds_of(block, own_panel)[point];
      bound = std::min(bound, lower_bound(own, own_panel));
    }
    scores[best] = kLowest;
    bounds[point] = lower_bound(*std::max_element(scores, scores + kPanel), panel);
    slots_[position] = new_slot;
    own = score;
    scratch.thresholds[point] = score;
    const float error = scratch.errors[point];
    scratch.reach[point] = std::sqrt(std::max(0.f, scratch.norms[point] - 2 * score + 8 * error)) * kUp;
  }
}

}  // namespace merganser::clustering
