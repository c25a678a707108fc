// How panels are looked at for the points of a block that they are in reach of.
#include <algorithm>
#include <cmath>

#include "merganser/clustering/bounded_scratch.hpp"

namespace merganser::clustering {
namespace {

constexpr float kLowest = -3e38f;
// Rows of a tile where it holds two panels, and its time as a multiple of that of a tile with one.
constexpr size_t kPairTile = 12;
constexpr double kPairCost = 1.4;

}  // namespace

// Most panels are out of reach of whole blocks.
bool BoundedAssignment::any_in_reach(size_t block, size_t panel, const Scratch& scratch) { return least_of(block, panel) - panel_steps_up_[panel] < scratch.most_reach; }

void BoundedAssignment::keep_least(size_t block, size_t panel, float worth) { least_of(block, panel) = (worth + panel_steps_up_[panel]) * (1 - 3e-7f); }

void BoundedAssignment::look_at_one(size_t block, size_t panel, Scratch& scratch) {
  static const auto in_reach = MERGANSER_SELECT(rows_in_reach);
  if (!any_in_reach(block, panel, scratch)) return;
  uint32_t* const list = scratch.lists.rows[0];
  float least;
  const size_t listed = in_reach(bounds_of(block, panel), drifts_.of(panel), scratch.reach.data(), points_.block_size(), list, &least);
  keep_least(block, panel, least);
  scratch.looked += listed;
  if (!forms_) return examine(block, panel, 1, list, listed, scratch);
  scratch.sifted.counts[0] = scratch.sifted.counts[1] = scratch.sifted.counts[2] = 0;
  sift(block, panel, 1, 0, list, listed, scratch);
  read_kept(block, panel, 1, scratch);
  examine(block, panel, 1, scratch.sifted.rows[0], scratch.sifted.counts[0], scratch);
}

void BoundedAssignment::look_at_two(size_t block, size_t panel, Scratch& scratch) {
  static const auto in_reach = MERGANSER_SELECT(rows_in_reach_of_two);
  if (!any_in_reach(block, panel, scratch) && !any_in_reach(block, panel + 1, scratch)) return;
  ReachLists& lists = scratch.lists;
  float least[2];
  in_reach(bounds_of(block, panel), bounds_of(block, panel + 1), drifts_.of(panel), scratch.reach.data(), points_.block_size(), lists, least);
  keep_least(block, panel, least[0]);
  keep_least(block, panel + 1, least[1]);
  scratch.looked += 2 * lists.counts[0] + lists.counts[1] + lists.counts[2];
  if (!forms_) return examine_lists(block, panel, lists, scratch);
  scratch.sifted.counts[0] = scratch.sifted.counts[1] = scratch.sifted.counts[2] = 0;
  if (better_joined(lists)) {
    sift(block, panel, 2, 0, lists.rows[0], joined(lists), scratch);
  } else {
    sift(block, panel, 2, 0, lists.rows[0], lists.counts[0], scratch);
    sift(block, panel, 1, 1, lists.rows[1], lists.counts[1], scratch);
    sift(block, panel + 1, 1, 2, lists.rows[2], lists.counts[2], scratch);
  }
  read_kept(block, panel, 2, scratch);
  examine_lists(block, panel, scratch.sifted, scratch);
}

// Points that need both panels are scored against both at once, as it takes less than twice the time of one; those that need only one join them where their own
// tiles would not be full.
bool BoundedAssignment::better_joined(const ReachLists& lists) {
  const auto tiles = [](size_t rows) { return static_cast<double>((rows + kPairTile - 1) / kPairTile); };
  const auto [both, first, second] = lists.counts;
  return tiles(both + first + second) * kPairCost <= tiles(both) * kPairCost + tiles(first) + tiles(second);
}

void BoundedAssignment::examine_lists(size_t block, size_t panel, ReachLists& lists, Scratch& scratch) {
  if (better_joined(lists)) return examine(block, panel, 2, lists.rows[0], joined(lists), scratch);
  const auto [both, first, second] = lists.counts;
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
  return {bounds_of(block, 0),       points_.block_size(), drifts_.of(0), drifts_.epoch(), norms.data(), scratch.thresholds.data(), slots_.data() + points_.block_begin(block),
          scratch.own.data()};
}

void BoundedAssignment::sift(size_t block, size_t panel, size_t how_many, size_t alone, uint32_t* list, size_t listed, Scratch& scratch) {
  if (listed == 0) return;
  forms_->sift(block, panel, how_many, alone, list, listed, block_bounds(block, scratch.form_norms, scratch), scratch.reach.data(), scratch.sifted);
  scratch.pairs_sifted += how_many * listed;
}

// Reads the points that short forms kept and that have not been read yet. Their own distances are known then, and of some panels are out of reach.
void BoundedAssignment::read_kept(size_t block, size_t panel, size_t how_many, Scratch& scratch) {
  ReachLists& kept = scratch.sifted;
  scratch.pairs_kept += kept.counts[0] * how_many + kept.counts[1] + kept.counts[2];
  if (!forms_->knows_least_scores()) return;
  const size_t begin = points_.block_begin(block);
  const auto each_unread = [&](auto&& visit) {
    for (size_t which = 0; which < 3; ++which) {
      for (size_t i = 0; i < kept.counts[which]; ++i) {
        if (!scratch.read[kept.rows[which][i]]) visit(kept.rows[which][i]);
      }
    }
  };
  each_unread([&](uint32_t local) { points_.expect(begin + local); });
  each_unread([&](uint32_t local) { measure_own(block, scratch, local); });
  const auto in_reach = [&](size_t p, uint32_t local) { return worth_now(bounds_of(block, panel + p)[local], drifts_.of(panel + p)) < scratch.reach[local]; };
  for (size_t which = 0; which < 3; ++which) {
    uint32_t* const rows = kept.rows[which];
    const auto out_of_reach = [&](uint32_t local) {
      if (which > 0) return !in_reach(which - 1, local);
      return !in_reach(0, local) && !(how_many == 2 && in_reach(1, local));
    };
    kept.counts[which] = static_cast<size_t>(std::remove_if(rows, rows + kept.counts[which], out_of_reach) - rows);
  }
}

void BoundedAssignment::examine(size_t block, size_t panel, size_t how_many, uint32_t* list, size_t listed, Scratch& scratch) {
  static const auto examine_kernel = MERGANSER_SELECT(examine_panels);
  if (listed == 0) return;
  const BlockBounds bounds = block_bounds(block, scratch.norms, scratch);
  const size_t challengers = examine_kernel(rows_of(block, scratch), centroids_.view(), panel, how_many, list, listed, bounds,
                                            scratch.challengers.data(), scratch.challenger_scores.data());
  for (size_t i = 0; i < challengers; ++i) settle(block, panel, how_many, scratch, i);
}

// Compares a challenger with the point's own centroid, by exact scores; of equal scores the lowest id wins.
void BoundedAssignment::settle(size_t block, size_t panel, size_t how_many, Scratch& scratch, size_t challenger) {
  static const auto exact_score = MERGANSER_SELECT(one_score);
  const size_t lanes = how_many * kPanel, first_slot = panel * kPanel;
  const uint32_t point = scratch.challengers[challenger].point;
  const float score = scratch.challengers[challenger].score;
  const size_t position = points_.block_begin(block) + point;
  const uint32_t own_slot = slots_[position];
  const Rows rows = rows_of(block, scratch);
  float& own = scratch.own[point];
  if (std::isnan(own)) own = exact_score(rows.data + point * rows.stride, centroids_.view(), own_slot);
  if (score < own) return;
  float* const scores = scratch.challenger_scores.data() + challenger * lanes;
  size_t best = lanes;
  for (size_t lane = 0; lane < lanes; ++lane) {
    if (scores[lane] == score && (best == lanes || centroids_.id_of(first_slot + lane) < centroids_.id_of(first_slot + best))) best = lane;
  }
  const uint32_t new_slot = static_cast<uint32_t>(first_slot + best);
  if (score == own && centroids_.id_of(own_slot) < centroids_.id_of(new_slot)) return;
  const auto distance_of = [&](float of_score) {
    const float square = scratch.norms[point] - 2 * of_score;
    return (square > 0 ? std::sqrt(square) : 0.f) * kDown;
  };
  const auto lower = [&](size_t of_panel, float distance) {
    float& bound = bounds_of(block, of_panel)[point];
    bound = bound_of(distance, drifts_.epoch());
    const float worth = least_of(block, of_panel) - panel_steps_up_[of_panel];
    if (bound < worth) keep_least(block, of_panel, bound);
  };
  // The centroid that was the point's own counts for its panel's bound from now on.
  if (own_slot - first_slot < lanes) {
    scores[own_slot - first_slot] = own;
  } else {
    const size_t own_panel = own_slot / kPanel;
    lower(own_panel, std::min(worth_now(bounds_of(block, own_panel)[point], drifts_.of(own_panel)), distance_of(own)));
  }
  scores[best] = kLowest;
  for (size_t p = 0; p < how_many; ++p) {
    lower(panel + p, distance_of(*std::max_element(scores + p * kPanel, scores + (p + 1) * kPanel)));
  }
  slots_[position] = new_slot;
  own = score;
  scratch.thresholds[point] = score;
  const float error = scratch.errors[point];
  scratch.reach[point] = std::sqrt(std::max(0.f, scratch.norms[point] - 2 * score + 8 * error)) * kUp;
}

}  // namespace merganser::clustering
