#include "merganser/reduction/medoid_distances.hpp"

#include <algorithm>

#include "merganser/reduction/distances.hpp"

namespace merganser::reduction {
namespace {

// A pair by itself takes as long as so many of the matrix.
constexpr size_t kPairCosts = 10;

}  // namespace

MedoidDistances::MedoidDistances(const TokenRows& tokens, bool exactly, unsigned threads)
    : tokens_(tokens), stride_(tokens.count), left_(tokens.count * tokens.count / (2 * kPairCosts)), memory_(tokens.count * stride_ * sizeof(float)) {
  if (!exactly) {
    fine_ = std::make_unique<FineTokens>(tokens, Similarity::euclidean, threads);
    bounds_ = fine_->square_bounds();
    if (fine_->small()) {
      // Matrix tiles have all of them sooner than what will be asked for is found out.
      if (fine_->shape().words) known_.resize(tokens.count);
      else squared_distances(*fine_, tokens.count, threads, squares(), stride_);
      return;
    }
    fine_.reset();
  }
  zeros_.resize(tokens.count);
  bounds_ = {zeros_.data(), zeros_.data(), zeros_.data(), 0, 0};
  squared_distances(tokens, threads, squares(), stride_);
}

void MedoidDistances::know(const uint32_t* tokens, size_t count) {
  if (known_.empty()) return;
  uint32_t some[kWordRowsTogether];
  float* rows[kWordRowsTogether];
  size_t size = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!known_[tokens[i]]) {
      known_[tokens[i]] = 1;
      rows[size] = squares() + tokens[i] * stride_;
      some[size++] = tokens[i];
    }
    if (size == kWordRowsTogether || (i + 1 == count && size > 0)) {
      fine_->squares(some, size, nullptr, tokens_.count, rows);
      size = 0;
    }
  }
}

BoundedSquares MedoidDistances::row(size_t token, const uint32_t* others, size_t count, float* storage) const {
  float *const some = storage, *const lengths = some + count, *const off = lengths + count, *const off_one = off + count;
  for (size_t i = 0; i < count; ++i) {
    some[i] = squares()[others[i] * stride_ + token];
    lengths[i] = bounds_.lengths[others[i]];
    off[i] = bounds_.off[others[i]];
    off_one[i] = bounds_.off_one[others[i]];
  }
  return of(some, {lengths, off, off_one, bounds_.rounding, bounds_.least}, token);
}

void MedoidDistances::within(const uint32_t* tokens, size_t count, Within& out) const {
  out.count_ = count;
  out.squares_.resize(count * count);
  out.rounding_ = bounds_.rounding;
  out.least_ = bounds_.least;
  const auto gather = [&](const float* from, std::vector<float>& to) {
    to.resize(count);
    for (size_t i = 0; i < count; ++i) to[i] = from[tokens[i]];
  };
  gather(bounds_.lengths, out.lengths_);
  gather(bounds_.off, out.off_);
  gather(bounds_.off_one, out.off_one_);
  if (known_.empty()) {
    for (size_t i = 0; i < count * count; ++i) out.squares_[i] = squares()[tokens[i / count] * stride_ + tokens[i % count]];
    return;
  }
  for (size_t first = 0; first < count; first += kWordRowsTogether) {
    float* rows[kWordRowsTogether];
    const size_t some = std::min(kWordRowsTogether, count - first);
    for (size_t i = 0; i < some; ++i) rows[i] = out.squares_.data() + (first + i) * count;
    fine_->squares(tokens + first, some, tokens, count, rows);
  }
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
