#include "merganser/clustering/lloyd.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <numeric>

#include "merganser/clustering/all_assignment.hpp"
#include "merganser/clustering/bounded_assignment.hpp"
#include "merganser/clustering/byte_forms.hpp"
#include "merganser/clustering/centroid_panels.hpp"
#include "merganser/clustering/cluster_sums.hpp"
#include "merganser/clustering/few_assignment.hpp"
#include "merganser/clustering/heads.hpp"
#include "merganser/parallel/parallel_for.hpp"

namespace merganser::clustering {
namespace {

// Points of so many dimensions are copied into the order of their clusters; longer ones if so many iterations may make up for it; still longer ones never.
constexpr size_t kKeptDims = 128, kIterationsForLong = 6, kLongDims = 512;
// Squares of shorter vectors lose their digits, and bounds could not tell by how much.
constexpr double kLeastNorm = 1e-15;
// Means of unit vectors that are shorter than this have no direction but that of rounding.
constexpr double kLeastMean = 0x1p-22;

// A cluster that empty ones take points of.
struct Donor {
  double left;  // of its size, once the empty ones have their shares
  uint32_t size;
  size_t given;
  std::vector<uint32_t> points;
};

class Lloyd {
 public:
  Lloyd(const LloydSpec& spec, const float* centroids)
      : spec_(spec),
        points_(spec.points, spec.spherical, spec.threads),
        centroids_(centroids, spec.clusters, spec.points.dims, points_.centre()),
        slots_(points_.size()),
        sums_(points_, centroids_.slots()),
        moved_(centroids_.slots(), 1),
        shares_(centroids_.slots()),
        few_(FewAssignment::make(points_, centroids_, spec.max_iterations, spec.bounds_bytes, spec.threads)) {}

  LloydOutcome run(const std::function<bool(uint32_t, double)>& goes_on);
  void results(float* centroids, uint32_t* labels) const;

 private:
  // Returns how many points moved.
  size_t assign(uint32_t iteration);
  void assign_to_all();
  void begin_bounds_by_guess();
  void begin_bounds();
  void regroup();
  void sort_points(std::vector<uint32_t>& order);
  bool bounds_fit() const {
    return !few_ && centroids_.panels() >= kPanelsForBounds && centroids_.greatest_norm() > kLeastNorm && BoundedAssignment::bytes(points_, centroids_.panels()) <= spec_.bounds_bytes;
  }
  size_t bytes_beside_bounds() const { return spec_.bounds_bytes - BoundedAssignment::bytes(points_, centroids_.panels()); }
  size_t kept_dims() const { return spec_.max_iterations < kIterationsForLong ? kKeptDims : kLongDims; }
  double objective();
  void renew_shares();
  struct Empty {
    size_t clusters, filled;
  };
  Empty move_centroids(bool fill);
  void mean_of(size_t slot, double* out) const;
  void put(size_t slot, const std::vector<double>& place, std::vector<float>& before);
  size_t fill_empty();
  std::vector<uint32_t> far_points(size_t slot) const;
  bool frozen(size_t slot) const { return spec_.frozen && spec_.frozen[centroids_.id_of(slot)]; }

  const LloydSpec& spec_;
  PointBlocks points_;
  CentroidPanels centroids_;
  std::vector<uint32_t> slots_;
  ClusterSums sums_;
  std::vector<std::vector<Move>> moves_;
  std::vector<uint8_t> moved_;   // centroids that are elsewhere than at the last objective
  std::vector<double> shares_;   // of the clusters in the objective, as of then
  std::vector<double> drifts_;   // how far the centroids moved
  std::unique_ptr<BoundedAssignment> bounded_;
  const std::unique_ptr<FewAssignment> few_;
  bool summed_ = false;
};

LloydOutcome Lloyd::run(const std::function<bool(uint32_t, double)>& goes_on) {
  LloydOutcome outcome{StopReason::max_iterations, {}, 0};
  centroids_.pack(spec_.threads);
  size_t filled = 0;     // clusters, before the iteration
  bool settled = false;  // labels are those of the present centroids
  for (uint32_t iteration = 0; iteration < spec_.max_iterations && !settled; ++iteration) {
    const size_t moved = assign(iteration);
    outcome.objectives.push_back(objective());
    const double now = outcome.objectives.back(), before = iteration ? outcome.objectives[iteration - 1] : now;
    const bool converged = iteration > 0 && moved == 0, tolerable = iteration > 0 && filled == 0 && before - now <= spec_.tolerance * before;
    const Empty empty = move_centroids(!converged);
    filled = empty.filled;
    settled = converged && empty.clusters == 0;
    if (!goes_on(iteration + 1, now)) {
      outcome.reason = StopReason::cancelled;
      return outcome;
    }
    if (!converged && !tolerable) continue;
    outcome.reason = converged ? StopReason::converged : StopReason::tolerance;
    break;
  }
  if (!settled) assign(static_cast<uint32_t>(outcome.objectives.size()));
  outcome.objective = objective();
  return outcome;
}

size_t Lloyd::assign(uint32_t iteration) {
  if (iteration == 0 && bounds_fit()) begin_bounds_by_guess();
  if (bounded_) {
    bounded_->assign(spec_.threads, spec_.cancelled, moves_);
  } else if (few_) {
    few_->assign(spec_.threads, spec_.cancelled, slots_, moves_);
  } else {
    assign_to_all();
  }
  size_t moved = 0;
  for (const auto& block : moves_) moved += block.size();
  if (iteration == 0 && spec_.max_iterations > 0 && !bounded_ && bounds_fit()) begin_bounds();
  if (!summed_ || moved > points_.size() / 2) {
    sums_.add_all(slots_, spec_.threads);
    summed_ = true;
  } else if (moved > 0) {
    sums_.apply(moves_, spec_.threads);
  }
  return moved;
}

void Lloyd::assign_to_all() {
  moves_.assign(points_.blocks(), {});
  const AllAssignment all(centroids_, points_.size(), spec_.threads);
  const size_t workers = std::min<size_t>(std::max(1u, spec_.threads), points_.blocks());
  std::atomic<size_t> next{0};
  parallel::parallel_for(spec_.threads, workers, [&](size_t) {
    StagedRows staged = points_.staging();
    AllAssignment::Scratch scratch;
    std::vector<uint32_t> slots(points_.block_size());
    std::vector<float> squares(points_.block_size());
    for (size_t block; (block = next++) < points_.blocks() && !(spec_.cancelled && *spec_.cancelled);) {
      points_.stage_block(block, staged);
      const size_t begin = points_.block_begin(block), count = points_.block_count(block);
      for (size_t i = 0; i < count; ++i) squares[i] = points_.squared_norm_at(begin + i);
      all.assign(staged.rows(count), squares.data(), slots.data(), nullptr, scratch);
      for (size_t i = 0; i < count; ++i) {
        uint32_t& slot = slots_[begin + i];
        if (slot != slots[i]) moves_[block].push_back({static_cast<uint32_t>(begin + i), slot, slots[i]});
        slot = slots[i];
      }
    }
  });
}

// With bytes bounds serve from the first iteration on.
void Lloyd::begin_bounds_by_guess() {
  std::unique_ptr<ByteForms> bytes = ByteForms::make(points_, centroids_, bytes_beside_bounds(), spec_.threads);
  if (!bytes) return;
  regroup();
  bytes->renew(spec_.threads);
  bytes->guess(slots_, spec_.threads);
  std::vector<uint32_t> order;
  sort_points(order);
  bytes->reorder(order, spec_.threads);
  points_.keep(kept_dims(), bytes_beside_bounds() - bytes->bytes(), spec_.threads);
  bounded_ = std::make_unique<BoundedAssignment>(points_, centroids_, slots_, std::move(bytes));
}

// Without, from the second: all points are assigned once.
void Lloyd::begin_bounds() {
  std::vector<uint32_t> order;
  regroup();
  sort_points(order);
  const size_t kept = points_.keep(kept_dims(), bytes_beside_bounds(), spec_.threads);
  bounded_ = std::make_unique<BoundedAssignment>(points_, centroids_, slots_,
                                                 Heads::make(points_, centroids_, slots_, bytes_beside_bounds() - kept, spec_.threads));
}

// Near centroids into the same panels.
void Lloyd::regroup() {
  std::vector<uint32_t> new_slots;
  centroids_.regroup(new_slots);
  centroids_.pack(spec_.threads);
  sums_.regroup(new_slots);
  for (uint32_t& slot : slots_) slot = new_slots[slot];
}

// Points in the order of their clusters: a block then needs few panels, and its lists fill whole tiles.
void Lloyd::sort_points(std::vector<uint32_t>& order) {
  std::vector<uint32_t> next(centroids_.slots() + 1), ordered(slots_.size());
  order.resize(slots_.size());
  for (const uint32_t slot : slots_) ++next[slot + 1];
  for (size_t slot = 0; slot < centroids_.slots(); ++slot) next[slot + 1] += next[slot];
  for (size_t i = 0; i < slots_.size(); ++i) order[next[slots_[i]]++] = static_cast<uint32_t>(i);
  for (size_t i = 0; i < slots_.size(); ++i) ordered[i] = slots_[order[i]];
  slots_.swap(ordered);
  points_.reorder(order);
}

// Σ w ‖x‖² + Σ over clusters of weight ‖c‖² − 2 ⟨c, sum⟩, in the order of ids.
double Lloyd::objective() {
  renew_shares();
  double total = points_.total_square();
  for (size_t id = 0; id < centroids_.count(); ++id) total += shares_[centroids_.slot_of(id)];
  return std::max(total, 0.0);
}

// Of clusters whose sum or centroid has changed. Each sum takes the dimensions in order; several at once do not wait for each other.
void Lloyd::renew_shares() {
  constexpr size_t kTogether = 4, kOfRound = 64;
  std::vector<size_t> stale;
  for (size_t slot = 0; slot < centroids_.count(); ++slot) {
    if (moved_[slot] || sums_.changed(slot)) stale.push_back(slot);
  }
  std::fill(moved_.begin(), moved_.end(), uint8_t{0});
  parallel::parallel_for(spec_.threads, (stale.size() + kOfRound - 1) / kOfRound, [&](size_t round) {
    const size_t end = std::min(stale.size(), (round + 1) * kOfRound);
    for (size_t first = round * kOfRound; first < end; first += kTogether) {
      size_t slots[kTogether];
      const float* centroids[kTogether];
      double squares[kTogether] = {}, products[kTogether] = {};
      for (size_t i = 0; i < kTogether; ++i) centroids[i] = centroids_.at(slots[i] = stale[std::min(first + i, end - 1)]);
      for (size_t dim = 0; dim < points_.dims(); ++dim) {
        for (size_t i = 0; i < kTogether; ++i) {
          squares[i] += static_cast<double>(centroids[i][dim]) * centroids[i][dim];
          products[i] += centroids[i][dim] * sums_.sum(slots[i], dim);
        }
      }
      for (size_t i = 0; i < kTogether; ++i) shares_[slots[i]] = sums_.weight(slots[i]) * squares[i] - 2 * products[i];
    }
  });
}

void Lloyd::mean_of(size_t slot, double* out) const {
  const double weight = sums_.weight(slot);
  for (size_t dim = 0; dim < points_.dims(); ++dim) out[dim] = sums_.sum(slot, dim) / weight + points_.centre()[dim];
  if (!spec_.spherical) return;
  double square = 0;
  for (size_t dim = 0; dim < points_.dims(); ++dim) square += out[dim] * out[dim];
  const double length = std::sqrt(square);
  for (size_t dim = 0; dim < points_.dims(); ++dim) out[dim] = length < kLeastMean ? 0 : out[dim] / length;
}

// Moves a centroid. before: room for one.
void Lloyd::put(size_t slot, const std::vector<double>& place, std::vector<float>& before) {
  const float* const row = centroids_.at(slot);
  before.assign(row, row + points_.padded());
  centroids_.set_original(slot, place.data());
  moved_[slot] = 1;
  double squares[4] = {};
  for (size_t dim = 0; dim < points_.padded(); dim += 4) {
    for (size_t i = 0; i < 4; ++i) {
      const double step = static_cast<double>(row[dim + i]) - before[dim + i];
      squares[i] += step * step;
    }
  }
  drifts_[slot] = std::sqrt((squares[0] + squares[1]) + (squares[2] + squares[3]));
}

Lloyd::Empty Lloyd::move_centroids(bool fill) {
  drifts_.assign(centroids_.slots(), 0);
  parallel::parallel_for(spec_.threads, centroids_.panels(), [&](size_t panel) {
    std::vector<double> mean(points_.dims());
    std::vector<float> before;
    for (size_t slot = panel * kPanel; slot < std::min((panel + 1) * kPanel, centroids_.count()); ++slot) {
      // Of the same points it would be the same mean.
      if (frozen(slot) || !sums_.changed(slot) || !(sums_.weight(slot) > 0)) continue;
      mean_of(slot, mean.data());
      put(slot, mean, before);
    }
  });
  sums_.forget_changes();
  size_t empty = 0;
  for (size_t slot = 0; slot < centroids_.count(); ++slot) empty += sums_.size(slot) == 0 && !frozen(slot);
  const size_t filled = fill && empty > 0 ? fill_empty() : 0;
  centroids_.pack(spec_.threads);
  if (bounded_) bounded_->drift(drifts_);
  return {empty, filled};
}

// Every empty cluster, in the order of ids, moves to a point of the largest (by the share of its points that is left): the farthest from its centroid, then the next.
size_t Lloyd::fill_empty() {
  std::vector<Donor> donors(centroids_.count());
  std::vector<float> row(points_.padded()), before;
  std::vector<double> place(points_.dims());
  for (size_t id = 0; id < donors.size(); ++id) donors[id].left = donors[id].size = sums_.size(centroids_.slot_of(id));
  size_t filled = 0;
  for (size_t id = 0; id < donors.size(); ++id) {
    const size_t slot = centroids_.slot_of(id);
    if (sums_.size(slot) > 0 || frozen(slot)) continue;
    Donor* donor;
    for (;;) {
      donor = &*std::max_element(donors.begin(), donors.end(), [](const Donor& a, const Donor& b) { return a.left < b.left; });
      if (donor->left < 1) return filled;
      if (donor->given == 0) donor->points = far_points(centroids_.slot_of(static_cast<size_t>(donor - donors.data())));
      if (donor->given < donor->points.size()) break;
      donor->left = 0;
    }
    points_.stage(donor->points[donor->given], row.data());
    for (size_t dim = 0; dim < place.size(); ++dim) place[dim] = static_cast<double>(row[dim]) + points_.centre()[dim];
    put(slot, place, before);
    ++filled;
    ++donor->given;
    donor->left = donor->size / static_cast<double>(donor->given + 1);
  }
  return filled;
}

// Positions of a cluster's points that are apart from its centroid by more than rounding, the farthest first; not all of its points.
std::vector<uint32_t> Lloyd::far_points(size_t slot) const {
  struct Far {
    double square;
    uint32_t point, position;
  };
  std::vector<Far> found;
  std::vector<float> row(points_.padded());
  const float *const centroid = centroids_.at(slot), *const original = centroids_.original(slot);
  double least = 0;
  for (size_t dim = 0; dim < points_.dims(); ++dim) {
    const double rounding = (std::abs(static_cast<double>(original[dim])) + std::abs(points_.centre()[dim])) * 0x1p-23;
    least += rounding * rounding;
  }
  for (size_t position = 0; position < slots_.size(); ++position) {
    if (slots_[position] != slot || !(points_.weight_at(position) > 0)) continue;
    points_.stage(position, row.data());
    double square = 0;
    for (size_t dim = 0; dim < points_.dims(); ++dim) {
      const double apart = static_cast<double>(row[dim]) - centroid[dim];
      square += apart * apart;
    }
    if (square > least) found.push_back({square, points_.point_at(position), static_cast<uint32_t>(position)});
  }
  std::sort(found.begin(), found.end(), [](const Far& a, const Far& b) { return a.square != b.square ? a.square > b.square : a.point < b.point; });
  if (found.size() == sums_.size(slot)) found.pop_back();
  std::vector<uint32_t> positions;
  for (const Far& far : found) positions.push_back(far.position);
  return positions;
}

void Lloyd::results(float* centroids, uint32_t* labels) const {
  const size_t dims = points_.dims();
  for (size_t slot = 0; slot < centroids_.count(); ++slot) std::copy_n(centroids_.original(slot), dims, centroids + centroids_.id_of(slot) * dims);
  for (size_t i = 0; i < slots_.size(); ++i) labels[points_.point_at(i)] = centroids_.id_of(slots_[i]);
}

}  // namespace

LloydOutcome lloyd(const LloydSpec& spec, float* centroids, uint32_t* labels, const std::function<bool(uint32_t, double)>& goes_on) {
  Lloyd run(spec, centroids);
  LloydOutcome outcome = run.run(goes_on);
  run.results(centroids, labels);
  return outcome;
}

}  // namespace merganser::clustering
