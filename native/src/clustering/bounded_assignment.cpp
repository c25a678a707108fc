#include "merganser/clustering/bounded_assignment.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "merganser/clustering/bounded_scratch.hpp"
#include "merganser/parallel/parallel_for.hpp"

namespace merganser::clustering {
namespace {

// Distances between centroids save about such a part of the panels looked at, each of which costs so many multiply-adds, besides those for each dimension. To
// compare them with a bound takes that many.
constexpr double kSaved = 0.3, kLookOverhead = 600, kLookDims = 4, kRaise = 10;
// Rows of so many dimensions are read in less time than it takes to find out which of them must be.
constexpr size_t kReadAtOnce = 128;
// More of them would take too much memory.
constexpr double kMostApart = 1 << 26;
// Below every score.
constexpr float kLowest = -3e38f;
const float kUnknown = std::numeric_limits<float>::quiet_NaN();

}  // namespace

BoundedAssignment::BoundedAssignment(const PointBlocks& points, const CentroidPanels& centroids, std::vector<uint32_t>& slots,
                                     std::unique_ptr<ShortForms> forms)
    : points_(points),
      centroids_(centroids),
      slots_(slots),
      forms_(std::move(forms)),
      bounds_(points.blocks() * points.block_size() * centroids.panels()),
      least_(points.blocks() * centroids.panels()),
      squares_(points.size()),
      reach_(points.size()),
      panel_drifts_(centroids.panels()),
      drifts_up_(centroids.panels()),
      slot_drifts_(centroids.slots()) {
  for (size_t position = 0; position < squares_.size(); ++position) squares_[position] = points.squared_norm_at(position);
}

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
  return std::sqrt(squared_norm) * error_of_length_ + error_of_all_;
}

void BoundedAssignment::assign(unsigned threads, const std::atomic<bool>* cancelled, std::vector<std::vector<Move>>& moves) {
  moves.assign(points_.blocks(), {});
  if (forms_) forms_->renew(threads);
  const double largest = centroids_.greatest_norm(), rounding = static_cast<double>(points_.dims() + 9) * 6e-8;
  error_of_length_ = static_cast<float>(rounding * largest);
  error_of_all_ = static_cast<float>(0.5 * rounding * largest * largest);
  apart_.clear();
  if (worth_measuring_apart()) measure_apart(threads);
  looked_ = 0;
  std::atomic<size_t> next{0};
  const size_t workers = std::min<size_t>(std::max(1u, threads), points_.blocks());
  parallel::parallel_for(threads, workers, [&](size_t) {
    Scratch scratch(points_);
    for (size_t block; (block = next++) < points_.blocks() && !(cancelled && *cancelled);) assign_block(block, scratch, moves[block]);
    looked_ += scratch.looked;
    sifted_ += scratch.pairs_sifted;
    kept_ += scratch.pairs_kept;
  });
  complete_ = true;
  judge_forms();
  std::fill(slot_drifts_.begin(), slot_drifts_.end(), 0.f);
}

bool BoundedAssignment::worth_measuring_apart() const {
  const double points = static_cast<double>(points_.size()), slots = static_cast<double>(centroids_.slots()), panels = static_cast<double>(centroids_.panels());
  const double dims = static_cast<double>(points_.dims());
  if (slots * panels > kMostApart) return false;
  const double saved = static_cast<double>(looked_) * kSaved * (kLookOverhead + kLookDims * dims);
  return !complete_ || saved > slots * slots * dims + kRaise * points * panels;
}

void BoundedAssignment::measure_apart(unsigned threads) {
  static const auto scores_of = MERGANSER_SELECT(all_scores);
  const size_t panels = centroids_.panels(), slots = centroids_.slots();
  apart_.resize(slots * panels);
  const Panels view = centroids_.view();
  parallel::parallel_for(threads, panels, [&](size_t own_panel) {
    std::vector<float> scores(kPanel * slots);
    scores_of({centroids_.at(own_panel * kPanel), centroids_.padded(), kPanel}, view, scores.data(), slots);
    for (size_t lane = 0; lane < kPanel; ++lane) {
      const size_t slot = own_panel * kPanel + lane;
      float* const row = scores.data() + lane * slots;
      row[slot] = kLowest;
      const float norm = slot < centroids_.count() ? -2 * view.halves[slot] : 0, error = rounding_error(norm);
      for (size_t panel = 0; panel < panels; ++panel) {
        const float square = norm - 2 * *std::max_element(row + panel * kPanel, row + (panel + 1) * kPanel) - 4 * error;
        apart_[panel * slots + slot] = square > 0 ? std::min(kFar, std::sqrt(square) * kDown) : 0;
      }
    }
  });
}

// Which panels the bounds leave changes from pass to pass, and they are those that short forms find hard: without a gain in one, there will be none in the next.
void BoundedAssignment::judge_forms() {
  if (!forms_) return;
  const double kept = static_cast<double>(kept_) / static_cast<double>(std::max<uint64_t>(1, sifted_));
  if (forms_->cost(kept) > static_cast<double>(points_.dims())) forms_.reset();
  sifted_ = kept_ = 0;
}

// What is known of a point that need not be read.
void BoundedAssignment::prepare(size_t block, Scratch& scratch, size_t local) {
  const size_t position = points_.block_begin(block) + local;
  const uint32_t slot = slots_[position];
  const float norm = squares_[position], error = rounding_error(norm);
  scratch.before[local] = slot;
  scratch.errors[local] = error;
  scratch.norms[local] = norm - 2 * error;
  scratch.own[local] = kUnknown;
  scratch.read[local] = 0;
  if (!forms_) return;
  scratch.form_norms[local] = norm - 4 * error - forms_->allowance(norm);
  if (!forms_->knows_least_scores()) return;
  const float distance = std::sqrt(std::max(0.f, norm - 2 * forms_->least_score(position, slot) + 6 * error)) * kUp;
  scratch.reach[local] = std::min(distance, scratch.reach[local]);
}

// Reads a point and computes the distance to its own centroid, with a product that is as exact as the score but not the same to the bit.
void BoundedAssignment::measure_own(size_t block, Scratch& scratch, size_t local) {
  static const auto dot_product = MERGANSER_SELECT(dot);
  const size_t position = points_.block_begin(block) + local;
  const float* row = points_.kept(position);
  if (!row) {
    points_.stage(position, scratch.staged.row(local));
    row = scratch.staged.row(local);
  }
  const uint32_t slot = slots_[position];
  const float error = scratch.errors[local], score = dot_product(row, centroids_.at(slot), points_.padded()) + centroids_.view().halves[slot];
  scratch.read[local] = 1;
  scratch.thresholds[local] = score - 2 * error;
  const float distance = std::sqrt(std::max(0.f, scratch.norms[local] - 2 * score + 8 * error)) * kUp;
  scratch.reach[local] = std::min(distance, scratch.reach[local]);
}

// How far each point's own centroid is at most. Points that no panel is in reach of get −kFar. Returns false if those are all.
bool BoundedAssignment::find_reach(size_t block, Scratch& scratch) {
  static const auto nearest_of = MERGANSER_SELECT(nearest_bounds);
  const size_t begin = points_.block_begin(block), count = points_.block_count(block), size = points_.block_size(), panels = centroids_.panels();
  const bool lazy = forms_ && forms_->knows_least_scores();
  std::vector<float>& reach = scratch.reach;
  if (complete_) {
    for (size_t i = 0; i < count; ++i) reach[i] = (reach_[begin + i] + slot_drifts_[slots_[begin + i]]) * kUp;
  } else {
    std::fill(reach.begin(), reach.end(), kFar);
    std::fill_n(bounds_of(block, 0), panels * size, -kFar);
    std::fill_n(&least_of(block, 0), panels, -kFar);
  }
  std::fill(reach.begin() + static_cast<ptrdiff_t>(count), reach.end(), -kFar);
  // Long rows are not read before they are needed, even where they are at hand.
  if (points_.kept(begin) && points_.dims() <= kReadAtOnce) {
    measure_kept(block, scratch);
    return true;
  }
  std::fill(scratch.nearest.begin(), scratch.nearest.end(), kFar);
  nearest_of(bounds_of(block, 0), panels, size, drifts_up_.data(), scratch.nearest.data());
  bool any = false;
  for (size_t i = 0; i < count; ++i) {
    const size_t ahead = std::min(i + kExpectAhead, count - 1);
    if (!lazy && scratch.nearest[ahead] < reach[ahead]) points_.expect(begin + ahead);
    if (scratch.nearest[i] < reach[i]) {
      prepare(block, scratch, i);
      if (!lazy) measure_own(block, scratch, i);
      any = true;
    } else {
      reach_[begin + i] = reach[i];
      reach[i] = -kFar;
    }
  }
  return any;
}

// The same where rows are at hand.
void BoundedAssignment::measure_kept(size_t block, Scratch& scratch) {
  static const auto measure = MERGANSER_SELECT(measure_own_distances);
  const size_t begin = points_.block_begin(block), count = points_.block_count(block);
  measure({points_.kept(begin), points_.padded(), points_.padded(), centroids_.at(0), centroids_.view().halves, slots_.data() + begin, squares_.data() + begin,
           error_of_length_, error_of_all_, scratch.errors.data(), scratch.norms.data(), scratch.thresholds.data(), scratch.reach.data()},
          count);
  std::copy_n(slots_.data() + begin, count, scratch.before.data());
  std::fill(scratch.own.begin(), scratch.own.end(), kUnknown);
  std::fill(scratch.read.begin(), scratch.read.end(), uint8_t{1});
  if (!forms_) return;
  for (size_t i = 0; i < count; ++i) scratch.form_norms[i] = scratch.norms[i] - 2 * scratch.errors[i] - forms_->allowance(squares_[begin + i]);
}

Rows BoundedAssignment::rows_of(size_t block, Scratch& scratch) const {
  const size_t count = points_.block_count(block);
  const float* const kept = points_.kept(points_.block_begin(block));
  return kept ? Rows{kept, points_.padded(), count} : scratch.staged.rows(count);
}

void BoundedAssignment::assign_block(size_t block, Scratch& scratch, std::vector<Move>& moves) {
  static const auto raise = MERGANSER_SELECT(raise_bounds);
  static const size_t at_once = MERGANSER_SELECT(panels_at_once)();
  const size_t begin = points_.block_begin(block), count = points_.block_count(block), panels = centroids_.panels();
  const std::vector<float>& reach = scratch.reach;
  if (!find_reach(block, scratch)) return;
  scratch.most_reach = *std::max_element(reach.begin(), reach.end());
  for (size_t panel = 0; panel < panels && !apart_.empty(); ++panel) {
    if (!any_in_reach(block, panel, scratch)) continue;
    raise(bounds_of(block, panel), apart_.data() + panel * centroids_.slots(), slots_.data() + begin, count, reach.data(), drifts_up_[panel]);
  }
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

}  // namespace merganser::clustering
