#include "merganser/reduction/medoid_distances.hpp"

#include <algorithm>

#include "merganser/reduction/distances.hpp"

namespace merganser::reduction {
namespace {

// A pair by itself takes as long as so many of the matrix.
constexpr size_t kPairCosts = 10;
// Beyond that length sums of squares might be no numbers.
constexpr float kMostLength = 1e18f;

}  // namespace

MedoidDistances::MedoidDistances(const TokenRows& tokens, bool exactly, unsigned threads)
    : tokens_(tokens), stride_(tokens.count), left_(tokens.count * tokens.count / (2 * kPairCosts)), memory_(tokens.count * stride_ * sizeof(float)) {
  float* const out = reinterpret_cast<float*>(memory_.data());
  if (!exactly) {
    fine_ = std::make_unique<FineTokens>(tokens, Similarity::euclidean, 2, threads);
    bounds_ = fine_->square_bounds();
    if (fine_->greatest_length() < kMostLength) {
      squared_distances(*fine_, tokens.count, threads, out, stride_);
      return;
    }
    fine_.reset();
  }
  zeros_.resize(tokens.count);
  bounds_ = {zeros_.data(), zeros_.data(), zeros_.data(), 0, 0};
  squared_distances(tokens, threads, out, stride_);
}

BoundedSquares MedoidDistances::row(size_t token, const uint32_t* others, size_t count, float* storage) const {
  float *const some = storage, *const lengths = some + count, *const off = lengths + count, *const off_one = off + count;
  const float* const all = squares() + token * stride_;
  for (size_t i = 0; i < count; ++i) {
    some[i] = all[others[i]];
    lengths[i] = bounds_.lengths[others[i]];
    off[i] = bounds_.off[others[i]];
    off_one[i] = bounds_.off_one[others[i]];
  }
  return of(some, {lengths, off, off_one, bounds_.rounding, bounds_.least}, token);
}

bool MedoidDistances::exactly(const std::vector<TokenPair>& pairs, std::vector<float>& squares_of_pairs) {
  squares_of_pairs.resize(pairs.size());
  if (fine_) {
    if (pairs.size() > left_) return false;
    left_ -= pairs.size();
    pair_squares(tokens_, *fine_, pairs.data(), pairs.size(), squares_of_pairs.data());
    return true;
  }
  std::transform(pairs.begin(), pairs.end(), squares_of_pairs.begin(), [&](const TokenPair& pair) { return squares()[pair.first * stride_ + pair.second]; });
  return true;
}

}  // namespace merganser::reduction
