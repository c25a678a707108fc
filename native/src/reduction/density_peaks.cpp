#include "merganser/reduction/density_peaks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "merganser/parallel/parallel_for.hpp"
#include "merganser/reduction/distance_rows.hpp"
#include "merganser/reduction/distances.hpp"
#include "merganser/reduction/nearest.hpp"

namespace merganser::reduction {
namespace {

constexpr float kInfinite = std::numeric_limits<float>::infinity();
constexpr size_t kLanes = 16;
// Beyond that the matrix of all distances (64 MB) would cost more memory than computing it once again costs time.
constexpr size_t kMostOfMatrix = 4096;

template <typename Body>
void each_row(size_t count, unsigned threads, Body body) {
  constexpr size_t kRows = 64;
  parallel::parallel_for(threads, (count + kRows - 1) / kRows, [&](size_t piece) {
    for (size_t row = piece * kRows; row < std::min(count, (piece + 1) * kRows); ++row) body(row);
  });
}

// What density peaks ask of distances.
class Distances {
 public:
  explicit Distances(const TokenRows& tokens, unsigned threads) : tokens_(tokens), threads_(threads) {}
  virtual ~Distances() = default;
  // The `few` least squares of each token, its own included.
  virtual void least(size_t few, float* squares) const = 0;
  // For each place of the order the least square to any token before it; infinity for the first.
  virtual void least_before(const uint32_t* order, float* squares) const = 0;
  // For each token the place of the nearest one of `chosen`.
  virtual void nearest_of(const std::vector<uint32_t>& chosen, uint32_t* places) const = 0;

 protected:
  const TokenRows& tokens_;
  const unsigned threads_;
};

// All of them, in memory.
class StoredDistances final : public Distances {
 public:
  StoredDistances(const TokenRows& tokens, unsigned threads)
      : Distances(tokens, threads), room_((tokens.count + kLanes - 1) / kLanes * kLanes), memory_(tokens.count * room_ * sizeof(float)) {
    float* const squares = reinterpret_cast<float*>(memory_.data());
    squared_distances(tokens, threads, squares, room_);
    for (size_t row = 0; row < tokens.count; ++row) std::fill(squares + row * room_ + tokens.count, squares + (row + 1) * room_, kInfinite);
  }
  void least(size_t few, float* squares) const override {
    static const auto least = MERGANSER_SELECT(least_of_row);
    each_row(tokens_.count, threads_, [&](size_t i) { least(row(i), room_, few, squares + i * few); });
  }
  void least_before(const uint32_t* order, float* squares) const override {
    static const auto least = MERGANSER_SELECT(least_before);
    std::vector<float> ranks(room_, kInfinite);
    for (size_t place = 0; place < tokens_.count; ++place) ranks[order[place]] = static_cast<float>(place);
    each_row(tokens_.count, threads_,
             [&](size_t place) { squares[place] = least(row(order[place]), ranks.data(), room_, static_cast<float>(place)); });
  }
  void nearest_of(const std::vector<uint32_t>& chosen, uint32_t* places) const override {
    each_row(tokens_.count, threads_, [&](size_t i) {
      const float* const squares = row(i);
      uint32_t best = 0;
      for (uint32_t place = 1; place < chosen.size(); ++place) {
        if (squares[chosen[place]] < squares[chosen[best]]) best = place;
      }
      places[i] = best;
    });
  }

 private:
  const float* row(size_t i) const { return reinterpret_cast<const float*>(memory_.data()) + i * room_; }
  size_t room_;
  parallel::KeptBuffer memory_;
};

// Computed anew for each question.
class FreshDistances final : public Distances {
 public:
  using Distances::Distances;
  void least(size_t few, float* squares) const override {
    std::vector<uint32_t> columns(tokens_.count * few);
    few_nearest(tokens_, tokens_, few, threads_, columns.data(), squares);
    // A token's own distance is exact only as a definition.
    each_row(tokens_.count, threads_, [&](size_t i) {
      for (size_t at = i * few; at < (i + 1) * few; ++at) {
        if (columns[at] == i) squares[at] = 0;
      }
    });
  }
  void least_before(const uint32_t* order, float* squares) const override { nearest_before({tokens_.data, order, tokens_.count, tokens_.dims}, threads_, squares); }
  void nearest_of(const std::vector<uint32_t>& chosen, uint32_t* places) const override {
    std::vector<float> squares(tokens_.count);
    nearest_rows(tokens_, {tokens_.data, chosen.data(), chosen.size(), tokens_.dims}, Similarity::euclidean, threads_, places, squares.data());
  }
};

// Indices of the numbers, the greatest first; of equal ones in order.
std::vector<uint32_t> descending(const std::vector<double>& values) {
  std::vector<uint32_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return values[a] > values[b]; });
  return order;
}

void find_peaks(const Distances& distances, const TokenRows& tokens, size_t neighbours, size_t peaks, uint32_t* numbers, uint32_t* source) {
  const size_t count = tokens.count;
  std::vector<float> squares(count * neighbours);
  distances.least(neighbours, squares.data());
  std::vector<double> density(count);
  for (size_t i = 0; i < count; ++i) {
    const double sum = std::accumulate(squares.begin() + i * neighbours, squares.begin() + (i + 1) * neighbours, 0.0);
    density[i] = std::exp(-sum / static_cast<double>(neighbours) / static_cast<double>(tokens.dims));
  }
  const std::vector<uint32_t> order = descending(density);
  distances.least_before(order.data(), squares.data());
  std::vector<double> scores(count);
  for (size_t place = 1; place < count; ++place) scores[order[place]] = density[order[place]] * std::sqrt(static_cast<double>(squares[place]));
  scores[order[0]] = std::numeric_limits<double>::infinity();
  std::vector<uint32_t> chosen = descending(scores);
  chosen.resize(peaks);
  std::sort(chosen.begin(), chosen.end());
  std::copy(chosen.begin(), chosen.end(), numbers);
  distances.nearest_of(chosen, source);
  // A peak is its own, even beside an equal one.
  for (uint32_t place = 0; place < peaks; ++place) source[chosen[place]] = place;
}

}  // namespace

void density_peaks(const TokenRows& tokens, size_t neighbours, size_t peaks, unsigned threads, uint32_t* numbers, uint32_t* source) {
  if (tokens.count <= kMostOfMatrix) {
    find_peaks(StoredDistances(tokens, threads), tokens, neighbours, peaks, numbers, source);
  } else {
    find_peaks(FreshDistances(tokens, threads), tokens, neighbours, peaks, numbers, source);
  }
}

}  // namespace merganser::reduction
