#include "merganser/reduction/peak_distances.hpp"

#include <algorithm>
#include <limits>

#include "merganser/parallel/parallel_for.hpp"
#include "merganser/reduction/distance_rows.hpp"
#include "merganser/reduction/distances.hpp"
#include "merganser/reduction/nearest.hpp"

namespace merganser::reduction {
namespace {

constexpr float kInfinite = std::numeric_limits<float>::infinity();
constexpr size_t kLanes = 16;

template <typename Body>
void each_row(size_t count, unsigned threads, Body body) {
  constexpr size_t kRows = 64;
  parallel::parallel_for(threads, (count + kRows - 1) / kRows, [&](size_t piece) {
    for (size_t row = piece * kRows; row < std::min(count, (piece + 1) * kRows); ++row) body(row);
  });
}

// All of them, in memory.
class StoredDistances final : public PeakDistances {
 public:
  StoredDistances(const TokenRows& tokens, unsigned threads)
      : tokens_(tokens), threads_(threads), room_((tokens.count + kLanes - 1) / kLanes * kLanes), memory_(tokens.count * room_ * sizeof(float)) {
    float* const squares = reinterpret_cast<float*>(memory_.data());
    squared_distances(tokens, threads, squares, room_);
    for (size_t row = 0; row < tokens.count; ++row) std::fill(squares + row * room_ + tokens.count, squares + (row + 1) * room_, kInfinite);
  }
  bool least(size_t few, float* squares) override {
    static const auto least = MERGANSER_SELECT(least_of_row);
    each_row(tokens_.count, threads_, [&](size_t i) { least(row(i), room_, few, squares + i * few); });
    return true;
  }
  bool least_before(const uint32_t* order, float* squares) override {
    static const auto least = MERGANSER_SELECT(least_before);
    std::vector<float> ranks(room_, kInfinite);
    for (size_t place = 0; place < tokens_.count; ++place) ranks[order[place]] = static_cast<float>(place);
    each_row(tokens_.count, threads_,
             [&](size_t place) { squares[place] = least(row(order[place]), ranks.data(), room_, static_cast<float>(place)); });
    return true;
  }
  bool nearest_of(const std::vector<uint32_t>& chosen, uint32_t* places) override {
    each_row(tokens_.count, threads_, [&](size_t i) {
      const float* const squares = row(i);
      uint32_t best = 0;
      for (uint32_t place = 1; place < chosen.size(); ++place) {
        if (squares[chosen[place]] < squares[chosen[best]]) best = place;
      }
      places[i] = best;
    });
    return true;
  }

 private:
  const float* row(size_t i) const { return reinterpret_cast<const float*>(memory_.data()) + i * room_; }
  const TokenRows& tokens_;
  const unsigned threads_;
  size_t room_;
  parallel::KeptBuffer memory_;
};

// Computed anew for each question.
class FreshDistances final : public PeakDistances {
 public:
  FreshDistances(const TokenRows& tokens, unsigned threads) : tokens_(tokens), threads_(threads) {}
  bool least(size_t few, float* squares) override {
    std::vector<uint32_t> columns(tokens_.count * few);
    few_nearest(tokens_, tokens_, few, threads_, columns.data(), squares);
    // A token's own distance is exact only as a definition.
    each_row(tokens_.count, threads_, [&](size_t i) {
      for (size_t at = i * few; at < (i + 1) * few; ++at) {
        if (columns[at] == i) squares[at] = 0;
      }
    });
    return true;
  }
  bool least_before(const uint32_t* order, float* squares) override {
    nearest_before({tokens_.data, order, tokens_.count, tokens_.dims}, threads_, squares);
    return true;
  }
  bool nearest_of(const std::vector<uint32_t>& chosen, uint32_t* places) override {
    std::vector<float> squares(tokens_.count);
    nearest_rows(tokens_, {tokens_.data, chosen.data(), chosen.size(), tokens_.dims}, Similarity::euclidean, threads_, places, squares.data());
    return true;
  }

 private:
  const TokenRows& tokens_;
  const unsigned threads_;
};

}  // namespace

std::unique_ptr<PeakDistances> PeakDistances::computed(const TokenRows& tokens, unsigned threads) {
  if (tokens.count <= kMostOfMatrix) return std::make_unique<StoredDistances>(tokens, threads);
  return std::make_unique<FreshDistances>(tokens, threads);
}

}  // namespace merganser::reduction
