#include "merganser/clustering/cluster_sums.hpp"

#include <algorithm>

#include "merganser/parallel/parallel_for.hpp"

namespace merganser::clustering {

ClusterSums::ClusterSums(const PointBlocks& points, size_t slots)
    : points_(points),
      padded_(points.padded()),
      slots_(slots),
      sums_(slots * points.padded()),
      rests_(sums_.size()),
      weights_(slots),
      weight_rests_(slots),
      sizes_(slots),
      changed_(slots, 1) {}

void ClusterSums::add_all(const std::vector<uint32_t>& slots, unsigned threads) {
  for (auto* const numbers : {&sums_, &rests_, &weights_, &weight_rests_}) std::fill(numbers->begin(), numbers->end(), 0.0);
  std::fill(sizes_.begin(), sizes_.end(), 0u);
  std::fill(changed_.begin(), changed_.end(), uint8_t{1});
  std::vector<size_t> offsets(slots_ + 1);
  for (const uint32_t slot : slots) ++offsets[slot + 1];
  for (size_t slot = 0; slot < slots_; ++slot) offsets[slot + 1] += offsets[slot];
  std::vector<size_t> next(offsets.begin(), offsets.end() - 1);
  std::vector<Change> changes(slots.size());
  for (size_t i = 0; i < slots.size(); ++i) changes[next[slots[i]]++] = {static_cast<uint32_t>(i), true};
  apply_changes(offsets, changes, threads);
}

void ClusterSums::apply(const std::vector<std::vector<Move>>& moves, unsigned threads) {
  std::vector<size_t> offsets(slots_ + 1);
  for (const auto& block : moves) {
    for (const Move& move : block) ++offsets[move.from + 1], ++offsets[move.to + 1];
  }
  for (size_t slot = 0; slot < slots_; ++slot) offsets[slot + 1] += offsets[slot];
  std::vector<size_t> next(offsets.begin(), offsets.end() - 1);
  std::vector<Change> changes(offsets[slots_]);
  for (const auto& block : moves) {
    for (const Move& move : block) {
      changes[next[move.from]++] = {move.position, false};
      changes[next[move.to]++] = {move.position, true};
    }
  }
  apply_changes(offsets, changes, threads);
}

// Each round of the loop owns some clusters: nothing is shared.
void ClusterSums::apply_changes(const std::vector<size_t>& offsets, const std::vector<Change>& changes, unsigned threads) {
  static const auto add = MERGANSER_SELECT(add_to_sums);
  constexpr size_t kClusters = 16;
  const bool kept = points_.kept(0) != nullptr;
  parallel::parallel_for(threads, (slots_ + kClusters - 1) / kClusters, [&](size_t round) {
    std::vector<float> row(padded_);
    for (size_t slot = round * kClusters; slot < std::min(slots_, (round + 1) * kClusters); ++slot) {
      if (offsets[slot] < offsets[slot + 1]) changed_[slot] = 1;
      if (kept) {
        apply_kept(slot, changes.data() + offsets[slot], offsets[slot + 1] - offsets[slot]);
        continue;
      }
      for (size_t i = offsets[slot]; i < offsets[slot + 1]; ++i) {
        const auto [position, joins] = changes[i];
        const double weight = joins ? points_.weight_at(position) : -points_.weight_at(position), grid = points_.weight_grids().coarse;
        const double rounded = (weight + grid) - grid;
        if (i + kExpectAhead < changes.size()) points_.expect(changes[i + kExpectAhead].position);
        points_.stage(position, row.data());
        add(sums_.data() + slot * padded_, rests_.data() + slot * padded_, row.data(), weight, points_.grids(), padded_);
        weights_[slot] += rounded;
        weight_rests_[slot] += weight - rounded;
        sizes_[slot] += joins ? 1u : ~0u;
      }
    }
  });
}

void ClusterSums::apply_kept(size_t slot, const Change* changes, size_t count) {
  static const auto add = MERGANSER_SELECT(add_all_to_sums);
  // Long rows are still in the nearest cache when they are added; short ones come with their neighbours.
  constexpr size_t kTogether = 32, kShort = 16;
  const double grid = points_.weight_grids().coarse;
  const float* rows[kTogether];
  double factors[kTogether], most = weights_[slot], rest = weight_rests_[slot];
  for (size_t first = 0; first < count; first += kTogether) {
    const size_t together = std::min(kTogether, count - first);
    for (size_t i = 0; i < together; ++i) {
      const auto [position, joins] = changes[first + i];
      const double weight = joins ? points_.weight_at(position) : -points_.weight_at(position), rounded = (weight + grid) - grid;
      rows[i] = points_.kept(position);
      if (padded_ > kShort) points_.expect(position);
      factors[i] = weight;
      most += rounded;
      rest += weight - rounded;
      sizes_[slot] += joins ? 1u : ~0u;
    }
    add(sums_.data() + slot * padded_, rests_.data() + slot * padded_, rows, factors, together, points_.grids(), padded_);
  }
  weights_[slot] = most;
  weight_rests_[slot] = rest;
}

void ClusterSums::regroup(const std::vector<uint32_t>& new_slots) {
  const auto move = [&](auto& numbers, size_t length) {
    std::remove_reference_t<decltype(numbers)> moved(numbers.size());
    for (size_t slot = 0; slot < slots_; ++slot) std::copy_n(numbers.data() + slot * length, length, moved.data() + new_slots[slot] * length);
    numbers.swap(moved);
  };
  move(sums_, padded_);
  move(rests_, padded_);
  move(weights_, 1);
  move(weight_rests_, 1);
  move(sizes_, 1);
  move(changed_, 1);
}

}  // namespace merganser::clustering
