#include "merganser/clustering/bounded_assignment.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>

#include "merganser/clustering/examine_panels.hpp"
#include "merganser/parallel/parallel_for.hpp"

namespace merganser::clustering {
namespace {

constexpr float kFar = 1e30f;
constexpr float kLowest = -3e38f;
// Rows of a tile where it holds two panels, and its time as a multiple of that of a tile with one.
constexpr size_t kPairTile = 12;
constexpr double kPairCost = 1.4;
constexpr float kUp = 1 + 1e-6f;
constexpr float kDown = 1 - 1e-6f;
const float kUnknown = std::numeric_limits<float>::quiet_NaN();

}  // namespace

// What one thread needs for a block; index: place in the block.
struct BoundedAssignment::Scratch {
  explicit Scratch(const PointBlocks& points)
      : staged(points.staging()),
        list_memory(2 * kLists * (points.block_size() + kListPadding)),
        reach(points.block_size()),
        nearest(points.block_size()),
        norms(points.block_size()),
        head_norms(points.block_size()),
        errors(points.block_size()),
        thresholds(points.block_size()),
        own(points.block_size()),
        before(points.block_size()),
        challengers(points.block_size()),
        challenger_scores(points.block_size() * 2 * kPanel) {
    uint32_t* memory = list_memory.data();
    for (ReachLists* of : {&lists, &sifted}) {
      for (uint32_t*& rows : of->rows) {
        rows = memory;
        memory += points.block_size() + kListPadding;
      }
    }
  }
  static constexpr size_t kLists = 3;
  StagedRows staged;
  std::vector<uint32_t> list_memory;
  ReachLists lists, sifted;
  std::vector<float> reach, nearest, norms, head_norms, errors, thresholds, own;
  std::vector<uint32_t> before;
  std::vector<Challenger> challengers;
  std::vector<float> challenger_scores;
};

BoundedAssignment::BoundedAssignment(const PointBlocks& points, const CentroidPanels& centroids, std::vector<uint32_t>& slots, size_t bytes,
                                     unsigned threads)
    : points_(points),
      centroids_(centroids),
      slots_(slots),
      heads_(Heads::make(points, centroids, slots, bytes - BoundedAssignment::bytes(points, centroids.panels()), threads)),
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
  if (heads_) heads_->renew(threads);
  std::atomic<size_t> next{0};
  const size_t workers = std::min<size_t>(std::max(1u, threads), points_.blocks());
  parallel::parallel_for(threads, workers, [&](size_t) {
    Scratch scratch(points_);
    for (size_t block; (block = next++) < points_.blocks() && !(cancelled && *cancelled);) assign_block(block, scratch, moves[block]);
  });
  complete_ = true;
  judge_heads();
  std::fill(slot_drifts_.begin(), slot_drifts_.end(), 0.f);
}

// Which panels the bounds leave changes from pass to pass, and they are those that heads find hard: without a gain in one, there will be none in the next.
void BoundedAssignment::judge_heads() {
  if (!heads_) return;
  const double kept = static_cast<double>(kept_) / static_cast<double>(std::max<uint64_t>(1, sifted_)), dims = static_cast<double>(points_.dims());
  if (Heads::cost(heads_->width(), kept, dims) > dims) heads_.reset();
  sifted_ = kept_ = 0;
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
  if (heads_) scratch.head_norms[local] = norm - 4 * error - static_cast<float>(6 * heads_->defect() * centroids_.greatest_norm() * std::sqrt(norm));
  scratch.thresholds[local] = score - 2 * error;
  scratch.own[local] = kUnknown;
  const float distance = std::sqrt(std::max(0.f, norm - 2 * score + 6 * error)) * kUp;
  scratch.reach[local] = complete_ ? std::min(distance, scratch.reach[local]) : distance;
}

void BoundedAssignment::assign_block(size_t block, Scratch& scratch, std::vector<Move>& moves) {
  static const auto nearest_of = MERGANSER_SELECT(nearest_bounds);
  static const size_t at_once = MERGANSER_SELECT(panels_at_once)();
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
  for (size_t panel = 0; panel < panels; panel += at_once) {
    if (panel + 1 < panels && at_once == 2) {
      look_at_two(block, panel, scratch);
    } else {
      look_at_one(block, panel, scratch);
    }
  }
  for (size_t i = 0; i < count; ++i) {
    if (reach[i] == -kFar) continue;
    reach_[begin + i] = reach[i];
    if (slots_[begin + i] != scratch.before[i]) moves.push_back({static_cast<uint32_t>(begin + i), scratch.before[i], slots_[begin + i]});
  }
}

void BoundedAssignment::look_at_one(size_t block, size_t panel, Scratch& scratch) {
  static const auto in_reach = MERGANSER_SELECT(rows_in_reach);
  uint32_t* const list = scratch.lists.rows[0];
  size_t listed = points_.block_count(block);
  if (complete_) {
    listed = in_reach(bounds_of(block, panel), drifts_up_[panel], scratch.reach.data(), points_.block_size(), list);
  } else {
    std::iota(list, list + listed, 0u);
  }
  if (!heads_) return examine(block, panel, 1, list, listed, scratch);
  sift(block, panel, 1, list, listed, scratch);
  examine(block, panel, 1, scratch.sifted.rows[0], scratch.sifted.counts[0], scratch);
}

void BoundedAssignment::look_at_two(size_t block, size_t panel, Scratch& scratch) {
  static const auto in_reach = MERGANSER_SELECT(rows_in_reach_of_two);
  ReachLists& lists = scratch.lists;
  if (complete_) {
    in_reach(bounds_of(block, panel), bounds_of(block, panel + 1), drifts_up_.data() + panel, scratch.reach.data(), points_.block_size(), lists);
  } else {
    lists.counts[0] = points_.block_count(block);
    lists.counts[1] = lists.counts[2] = 0;
    std::iota(lists.rows[0], lists.rows[0] + lists.counts[0], 0u);
  }
  if (!heads_) return examine_lists(block, panel, lists, scratch);
  sift(block, panel, 2, lists.rows[0], joined(lists), scratch);
  examine_lists(block, panel, scratch.sifted, scratch);
}

// Points that need both panels are scored against both at once, as it takes less than twice the time of one; those that need only one join them where their own
// tiles would not be full.
void BoundedAssignment::examine_lists(size_t block, size_t panel, ReachLists& lists, Scratch& scratch) {
  const auto tiles = [](size_t rows) { return static_cast<double>((rows + kPairTile - 1) / kPairTile); };
  const auto [both, first, second] = lists.counts;
  if (tiles(both + first + second) * kPairCost <= tiles(both) * kPairCost + tiles(first) + tiles(second)) {
    return examine(block, panel, 2, lists.rows[0], joined(lists), scratch);
  }
  examine(block, panel, 2, lists.rows[0], both, scratch);
  examine(block, panel, 1, lists.rows[1], first, scratch);
  examine(block, panel + 1, 1, lists.rows[2], second, scratch);
}

// Appends the second and the third list to the first; returns the number of all.
size_t BoundedAssignment::joined(ReachLists& lists) {
  const auto [both, first, second] = lists.counts;
  std::copy_n(lists.rows[2], second, std::copy_n(lists.rows[1], first, lists.rows[0] + both));
  return both + first + second;
}

BlockBounds BoundedAssignment::block_bounds(size_t block, const std::vector<float>& norms, Scratch& scratch) {
  return {bounds_of(block, 0),       points_.block_size(), drifts_up_.data(), norms.data(), scratch.thresholds.data(), slots_.data() + points_.block_begin(block),
          scratch.own.data()};
}

void BoundedAssignment::sift(size_t block, size_t panel, size_t how_many, uint32_t* list, size_t listed, Scratch& scratch) {
  static const auto sift_kernel = MERGANSER_SELECT(sift_by_heads);
  scratch.sifted.counts[0] = scratch.sifted.counts[1] = scratch.sifted.counts[2] = 0;
  if (listed == 0) return;
  sift_kernel(heads_->of_block(block), heads_->view(), panel, how_many, list, listed, block_bounds(block, scratch.head_norms, scratch), scratch.reach.data(),
              scratch.sifted);
  const auto [both, first, second] = scratch.sifted.counts;
  sifted_.fetch_add(how_many * listed, std::memory_order_relaxed);
  kept_.fetch_add(both * how_many + first + second, std::memory_order_relaxed);
}

void BoundedAssignment::examine(size_t block, size_t panel, size_t how_many, uint32_t* list, size_t listed, Scratch& scratch) {
  static const auto examine_kernel = MERGANSER_SELECT(examine_panels);
  if (listed == 0) return;
  const BlockBounds bounds = block_bounds(block, scratch.norms, scratch);
  const size_t challengers = examine_kernel(scratch.staged.rows(points_.block_count(block)), centroids_.view(), panel, how_many, list, listed, bounds,
                                            scratch.challengers.data(), scratch.challenger_scores.data());
  for (size_t i = 0; i < challengers; ++i) settle(block, panel, how_many, scratch, i);
}

// Compares a challenger with the point's own centroid, by exact scores; of equal scores the lowest id wins.
void BoundedAssignment::settle(size_t block, size_t panel, size_t how_many, Scratch& scratch, size_t challenger) {
  static const auto exact_score = MERGANSER_SELECT(one_score);
  const size_t lanes = how_many * kPanel, first_slot = panel * kPanel;
  const auto [point, score] = scratch.challengers[challenger];
  const size_t position = points_.block_begin(block) + point;
  const uint32_t own_slot = slots_[position];
  float& own = scratch.own[point];
  if (std::isnan(own)) own = exact_score(scratch.staged.row(point), centroids_.view(), own_slot);
  if (score < own) return;
  float* const scores = scratch.challenger_scores.data() + challenger * lanes;
  size_t best = lanes;
  for (size_t lane = 0; lane < lanes; ++lane) {
    if (scores[lane] == score && (best == lanes || centroids_.id_of(first_slot + lane) < centroids_.id_of(first_slot + best))) best = lane;
  }
  const uint32_t new_slot = static_cast<uint32_t>(first_slot + best);
  if (score == own && centroids_.id_of(own_slot) < centroids_.id_of(new_slot)) return;
  const auto lower_bound = [&](float of_score, size_t of_panel) {
    const float square = scratch.norms[point] - 2 * of_score;
    return ((square > 0 ? std::sqrt(square) : 0.f) * kDown + drifts_up_[of_panel]) * (1 - 3e-7f);
  };
  // The centroid that was the point's own counts for its panel's bound from now on.
  if (own_slot - first_slot < lanes) {
    scores[own_slot - first_slot] = own;
  } else {
    float& bound = bounds_of(block, own_slot / kPanel)[point];
    bound = std::min(bound, lower_bound(own, own_slot / kPanel));
  }
  scores[best] = kLowest;
  for (size_t p = 0; p < how_many; ++p) {
    bounds_of(block, panel + p)[point] = lower_bound(*std::max_element(scores + p * kPanel, scores + (p + 1) * kPanel), panel + p);
  }
  slots_[position] = new_slot;
  own = score;
  scratch.thresholds[point] = score;
  const float error = scratch.errors[point];
  scratch.reach[point] = std::sqrt(std::max(0.f, scratch.norms[point] - 2 * score + 8 * error)) * kUp;
}

}  // namespace merganser::clustering
