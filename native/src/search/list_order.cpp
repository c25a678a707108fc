#include "merganser/search/list_order.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

namespace merganser::search {
namespace {

// One of so many scores is looked at to guess where to cut.
constexpr size_t kSampled = 8;

// Greater for greater scores, and of equal scores for lower numbers.
uint64_t key_of(float score, size_t list) {
  const uint32_t bits = std::bit_cast<uint32_t>(score + 0.0f);
  const uint32_t ordered = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
  return static_cast<uint64_t>(ordered) << 32 | (0xFFFFFFFFu - static_cast<uint32_t>(list));
}

float length_of(const QueryRows& queries, size_t query) {
  double square = 0;
  for (size_t i = 0; i < queries.stride; ++i) {
    const double value = queries.values[query * queries.stride + i];
    square += value * value;
  }
  return static_cast<float>(std::sqrt(square));
}

}  // namespace

void ListOrder::find(const QueryRows& queries, size_t first, size_t count, std::vector<uint32_t>* out) {
  static const auto score = MERGANSER_SELECT(score_range);
  const ListCentroids& centroids = view_.centroids;
  if (!centroids.data) {
    for (size_t i = 0; i < count; ++i) out[i].assign(1, 0);
    return;
  }
  uint32_t numbers[kQueryTile];
  for (size_t i = 0; i < count; ++i) numbers[i] = static_cast<uint32_t>(first + i);
  scores_.resize(count * view_.lists);
  score(centroids.rows, ScoreKind::dot, view_.dims, queries, numbers, count, 0, view_.lists, scores_.data(), view_.lists);
  for (size_t i = 0; i < count; ++i) {
    float* const scores = scores_.data() + i * view_.lists;
    const float length = length_of(queries, first + i);
    for (size_t list = 0; list < view_.lists; ++list) scores[list] = (scores[list] + centroids.biases[list]) + length * centroids.spreads[list];
    choose(scores, out[i]);
  }
}

void ListOrder::choose(const float* scores, std::vector<uint32_t>& out) {
  float cut = -INFINITY;
  const size_t guess = probes_ / kSampled + probes_ / (4 * kSampled) + 8;
  if (guess < view_.lists / kSampled / 2) {
    sample_.clear();
    for (size_t list = 0; list < view_.lists; list += kSampled) sample_.push_back(scores[list]);
    const auto at = sample_.begin() + static_cast<ptrdiff_t>(guess);
    std::nth_element(sample_.begin(), at, sample_.end(), std::greater<>());
    cut = *at;
  }
  const auto collect = [&] {
    // Without a branch that nobody could predict.
    keys_.resize(view_.lists);
    size_t count = 0;
    for (size_t list = 0; list < view_.lists; ++list) {
      keys_[count] = key_of(scores[list], list);
      count += scores[list] >= cut;
    }
    keys_.resize(count);
  };
  collect();
  if (keys_.size() < probes_) {
    cut = -INFINITY;
    collect();
  }
  const auto end = keys_.begin() + static_cast<ptrdiff_t>(probes_);
  std::nth_element(keys_.begin(), end, keys_.end(), std::greater<>());
  std::sort(keys_.begin(), end, std::greater<>());
  out.clear();
  for (auto key = keys_.begin(); key != end; ++key) out.push_back(0xFFFFFFFFu - static_cast<uint32_t>(*key));
}

}  // namespace merganser::search
