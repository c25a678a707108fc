#include "merganser/attention/byte_lookup.hpp"

#include <algorithm>
#include <cstring>

#include "merganser/attention/byte_shares.hpp"
#include "merganser/parallel/parallel_for.hpp"

namespace merganser::attention {
namespace {

// Queries whose shares are summed up in single precision: whole tiles of every instruction set, and of matrix tiles.
constexpr size_t kQueriesAtATime = 96;
// Sums of so many times as many are in memory at once.
constexpr size_t kSumsAtATime = 16;

// Panels, but for those of which no cluster counts: groups of clusters that are left out are neighbours.
class PackedCentroids {
 public:
  PackedCentroids(const RowsToAttend& rows, const ClusterSizes& clusters, size_t count) : dims_(rows.keys.dims), for_matrix_tiles_(has_matrix_tiles()) {
    for (size_t first = 0; first < count; first += kBytePanel) {
      const float* const sizes = clusters.sizes.data() + first;
      if (std::any_of(sizes, sizes + std::min(kBytePanel, count - first), [](float size) { return size > 0; })) firsts_.push_back(first);
    }
    // An even number of them.
    const size_t room = (firsts_.size() + 1) / 2 * 2 * kBytePanel;
    numbers_.reserve(std::max(room * row_bytes(), parallel::KeptMemory::kAtLeast), 0);
    scales_.resize(room), sizes_.resize(room), hidden_.resize(room, kUnseen);
    const bool whole = firsts_.size() % 2 == 0 && count % kBytePanel == 0;
    // Behind the last centroid there are zeros, in the last two panels.
    if (!whole && room > 0) std::memset(numbers_.data() + (room - kByteColumns) * row_bytes(), 0, kByteColumns * row_bytes());
    for (size_t i = 0; i < firsts_.size(); ++i) pack(rows, clusters, firsts_[i], std::min(kBytePanel, count - firsts_[i]), i);
  }

  BytePanels panels() const {
    return {reinterpret_cast<const int8_t*>(numbers_.data()), for_matrix_tiles_, sizes_.size() / kBytePanel, dims_, scales_.data(), hidden_.data(), sizes_.data()};
  }

  // From sums over packed clusters to all of them.
  void spread(const std::vector<double>& sums, double factor, size_t count, float* scores) const {
    std::fill_n(scores, count, 0.f);
    for (size_t i = 0; i < firsts_.size(); ++i) {
      for (size_t j = 0; j < std::min(kBytePanel, count - firsts_[i]); ++j) scores[firsts_[i] + j] = static_cast<float>(sums[i * kBytePanel + j] * factor);
    }
  }

 private:
  size_t row_bytes() const { return for_matrix_tiles_ ? byte_steps_of(dims_) * kByteStep : 2 * pairs_of(dims_); }

  void pack(const RowsToAttend& rows, const ClusterSizes& clusters, size_t first, size_t count, size_t panel) {
    int8_t* const numbers = reinterpret_cast<int8_t*>(numbers_.data());
    for (size_t i = 0; i < count; ++i) {
      const uint8_t* const row = rows.keys.data + rows.keys.stride * (first + i);
      if (for_matrix_tiles_) pack_byte_column(row, dims_, panel % 2 * kBytePanel + i, numbers + panel / 2 * kByteColumns * row_bytes());
      else pack_byte_row(row, dims_, i, numbers + panel * kBytePanel * row_bytes());
      scales_[panel * kBytePanel + i] = rows.scales ? rows.scales[first + i] : 1.f;
      sizes_[panel * kBytePanel + i] = clusters.sizes[first + i];
      hidden_[panel * kBytePanel + i] = clusters.hidden[first + i];
    }
  }

  size_t dims_;
  bool for_matrix_tiles_;
  std::vector<size_t> firsts_;  // clusters of panels
  parallel::KeptBuffer numbers_;
  std::vector<float> scales_, sizes_, hidden_;
};

void add_some(const UnitQueries& voters, size_t begin, const BytePanels& panels, float* shares) {
  static const auto shares_kernel = MERGANSER_SELECT(add_byte_shares);
  static const auto memory_of = MERGANSER_SELECT(byte_shares_memory);
  KeptNumbers memory;
  memory.resize(memory_of(panels));
  const size_t count = std::min(kQueriesAtATime, voters.count() - begin);
  shares_kernel(panels, {voters.numbers() + begin * voters.stride(), voters.stride(), count}, memory.data(), shares);
}

}  // namespace

void byte_scores(const RowsToAttend& rows, const ClusterSizes& clusters, size_t count, const UnitQueries& voters, unsigned threads, float* scores) {
  const PackedCentroids packed(rows, clusters, count);
  const BytePanels panels = packed.panels();
  std::vector<double> sums(panels.centroids(), 0.0);
  std::vector<float> shares;
  for (size_t begin = 0; begin < voters.count(); begin += kSumsAtATime * kQueriesAtATime) {
    const size_t pieces = (std::min(kSumsAtATime * kQueriesAtATime, voters.count() - begin) + kQueriesAtATime - 1) / kQueriesAtATime;
    shares.assign(pieces * panels.centroids(), 0.f);
    parallel::parallel_for(threads, pieces, [&](size_t piece) {
      add_some(voters, begin + piece * kQueriesAtATime, panels, shares.data() + piece * panels.centroids());
    });
    for (const float* piece = shares.data(); piece < shares.data() + shares.size(); piece += panels.centroids()) {
      for (size_t i = 0; i < sums.size(); ++i) sums[i] += static_cast<double>(piece[i]);
    }
  }
  packed.spread(sums, 1.0 / static_cast<double>(voters.count()), count, scores);
}

}  // namespace merganser::attention
