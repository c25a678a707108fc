#include "merganser/clustering/all_assignment.hpp"

#include <algorithm>
#include <cmath>

#include "merganser/clustering/score_chains.hpp"

namespace merganser::clustering {
namespace {

constexpr size_t kMatrixStep = 64;
// Below these all products take no longer: numbers of all centroids, and points.
constexpr size_t kLeastNumbers = 16384, kLeastPoints = 64;
// Lengths whose squares are far from what single precision has no numbers for.
constexpr double kLeastLength = 1e-15, kGreatestLength = 1e18;
// A row's slots at most that are looked at one by one, and as what part of all.
constexpr size_t kMostSlots = 1024, kPartOfSlots = 3;
// So many products of a row take less time term after term than a choice among them first.
constexpr size_t kFew = 2;
// A block is none for bytes if more than this part of its rows is left over. So many blocks then do without, at most.
constexpr size_t kPartLeftOver = 4, kMostPause = 64;

}  // namespace

bool AllAssignment::bytes_pay(const CentroidPanels& centroids, size_t points) {
  static const auto bytes_before = MERGANSER_SELECT(bytes_before_scores);
  const size_t dims = centroids.dims(), slots = centroids.slots();
  if (!bytes_before(dims, slots) || dims > kMostByteDims || slots * dims < kLeastNumbers || points < kLeastPoints) return false;
  return centroids.greatest_norm() > kLeastLength && centroids.greatest_norm() < kGreatestLength;
}

AllAssignment::AllAssignment(const CentroidPanels& centroids, size_t points, unsigned threads) : centroids_(centroids) {
  if (!bytes_pay(centroids, points)) return;
  matrix_tiles_ = has_matrix_tiles();
  const size_t step = matrix_tiles_ ? kMatrixStep : kByteGroup;
  stride_ = (centroids.dims() + step - 1) / step * step;
  most_slots_ = std::min(kMostSlots, centroids.slots() / kPartOfSlots);
  // A chain of `dims` roundings of partial sums, and some more for what bytes are multiplied by. Products of tiny numbers are rounded to multiples of 2⁻¹⁴⁹, whatever they are.
  errors_.of_lengths = static_cast<float>(centroids.dims() + 64) * 1.1f * 0x1p-24f;
  const float greatest = static_cast<float>(centroids.greatest_norm()) * (1 + 1e-6f);
  errors_.rest = errors_.of_lengths * greatest * greatest * 0.5f + 1e-36f;
  bytes_.emplace(centroids, stride_, PlacesOfBytes::by_length).renew(threads);
}

void AllAssignment::assign(const Rows& rows, const float* squares, uint32_t* slots, float* scores, Scratch& scratch) const {
  static const auto best = MERGANSER_SELECT(best_slots);
  scratch.scores.resize(rows.count);
  float* const found = scores ? scores : scratch.scores.data();
  if (!bytes_ || scratch.pause > 0) {
    scratch.pause -= scratch.pause > 0;
    best(rows, centroids_.view(), slots, found);
    return;
  }
  size_t left_over = 0;
  for (size_t first = 0; first < rows.count; first += kHitRows) {
    const size_t count = std::min(kHitRows, rows.count - first);
    const Rows some{rows.data + first * rows.stride, rows.stride, count};
    assign_some(some, squares + first, slots + first, scores ? scores + first : nullptr, scratch);
    left_over += scratch.left_over.size();
  }
  if (left_over * kPartLeftOver > rows.count) {
    scratch.pause = scratch.next_pause;
    scratch.next_pause = std::min(2 * scratch.next_pause, kMostPause);
  } else {
    scratch.next_pause = 1;
  }
}

void AllAssignment::assign_some(const Rows& rows, const float* squares, uint32_t* slots, float* scores, Scratch& scratch) const {
  static const auto round = MERGANSER_SELECT(to_bytes);
  static const auto find = MERGANSER_SELECT(byte_hits);
  const size_t room = kHitRows + kHitRowsBehind, panels = centroids_.panels();
  scratch.codes.resize(room * stride_);
  for (std::vector<float>* values : {&scratch.scales, &scratch.errors, &scratch.lengths}) values->resize(room);
  scratch.hits.resize(room * panels);
  for (size_t i = 0; i < rows.count; ++i) {
    scratch.lengths[i] = length_above(squares[i]);
    const ByteForm form = round(rows.data + i * rows.stride, centroids_.dims(), scratch.lengths[i], matrix_tiles_ ? ByteCodes::centroid : ByteCodes::row, scratch.codes.data() + i * stride_);
    scratch.scales[i] = form.scale;
    scratch.errors[i] = form.error;
  }
  find({scratch.codes.data(), stride_, scratch.scales.data(), scratch.errors.data(), scratch.lengths.data(), rows.count}, bytes_->view(), errors_, matrix_tiles_, scratch.hits.data());
  scratch.pairs.clear();
  scratch.left_over.clear();
  scratch.slots.resize(std::max(most_slots_ + 1, kHitRows));
  scratch.products.resize(scratch.slots.size());
  for (size_t row = 0; row < rows.count; ++row) choose(rows, row, scratch.lengths[row], scores != nullptr, slots, scratch);
  settle(rows, slots, scores, scratch);
  if (!scratch.left_over.empty()) take_left_over(rows, slots, scores, scratch);
}

// Which slots of a row are to be computed as tiles do.
void AllAssignment::choose(const Rows& rows, size_t row, float length, bool wanted, uint32_t* slots, Scratch& scratch) const {
  static const auto list = MERGANSER_SELECT(list_hits);
  static const auto multiply = MERGANSER_SELECT(listed_products);
  const size_t panels = centroids_.panels();
  uint32_t* const found = scratch.slots.data();
  size_t count = list(scratch.hits.data() + row * panels, panels, most_slots_ + 1, found);
  if (count == 0 || count > most_slots_) {
    scratch.left_over.push_back(static_cast<uint32_t>(row));
    return;
  }
  for (size_t i = 0; i < count; ++i) found[i] = bytes_->slot_at(found[i]);
  if (count > (wanted ? kFew : 1)) {
    float* const products = scratch.products.data();
    multiply(rows.data + row * rows.stride, centroids_.at(0), centroids_.padded(), found, count, products);
    float most = -3e38f;
    for (size_t i = 0; i < count; ++i) {
      products[i] += centroids_.view().halves[found[i]];
      most = std::max(most, products[i]);
    }
    // Those and the scores are off by as much, each.
    const float off = 4.1f * (errors_.of_lengths * length * static_cast<float>(centroids_.greatest_norm()) + errors_.rest);
    size_t left = 0;
    for (size_t i = 0; i < count; ++i) {
      if (!(products[i] < most - off)) found[left++] = found[i];
    }
    count = left;
  }
  slots[row] = found[0];
  if (count == 1 && !wanted) return;
  for (size_t i = 0; i < count; ++i) scratch.pairs.push_back({static_cast<uint32_t>(row), found[i]});
}

void AllAssignment::settle(const Rows& rows, uint32_t* slots, float* scores, Scratch& scratch) const {
  static const auto add = MERGANSER_SELECT(add_chains);
  const auto& pairs = scratch.pairs;
  const float *lefts[kPanel], *rights[kPanel];
  float ones[kPanel];
  std::fill_n(ones, kPanel, 1.f);
  uint32_t row_before = ~0u;
  float most = 0;
  for (size_t first = 0; first < pairs.size(); first += kPanel) {
    const size_t some = std::min(kPanel, pairs.size() - first);
    alignas(64) float sums[kPanel];
    for (size_t i = 0; i < kPanel; ++i) {
      // The last one is repeated where there are not sixteen.
      const auto [row, slot] = pairs[first + std::min(i, some - 1)];
      lefts[i] = rows.data + row * rows.stride;
      rights[i] = centroids_.at(slot);
      sums[i] = centroids_.view().halves[slot];
    }
    add(lefts, ones, rights, ones, centroids_.dims(), sums);
    // Pairs of a row stand together.
    for (size_t i = 0; i < some; ++i) {
      const auto [row, slot] = pairs[first + i];
      if (row == row_before && !(sums[i] > most || (sums[i] == most && slot < slots[row]))) continue;
      most = sums[i];
      row_before = row;
      slots[row] = slot;
      if (scores) scores[row] = most;
    }
  }
}

void AllAssignment::take_left_over(const Rows& rows, uint32_t* slots, float* scores, Scratch& scratch) const {
  static const auto best = MERGANSER_SELECT(best_slots);
  const size_t count = scratch.left_over.size();
  scratch.rows.resize(count * rows.stride);
  for (size_t i = 0; i < count; ++i) std::copy_n(rows.data + scratch.left_over[i] * rows.stride, centroids_.dims(), scratch.rows.data() + i * rows.stride);
  best({scratch.rows.data(), rows.stride, count}, centroids_.view(), scratch.slots.data(), scratch.products.data());
  for (size_t i = 0; i < count; ++i) {
    slots[scratch.left_over[i]] = scratch.slots[i];
    if (scores) scores[scratch.left_over[i]] = scratch.products[i];
  }
}

}  // namespace merganser::clustering
