// Squared distances between tokens as k-medoids asks for them: about what they are, with bounds, and exactly for few pairs. Those to all tokens are asked for of few, and of the others those within their
// clusters only, so without matrix tiles those bounds are computed when they are asked for, and kept.
#pragma once
#include <memory>
#include <vector>

#include "merganser/parallel/kept_buffer.hpp"
#include "merganser/reduction/fine_tokens.hpp"
#include "merganser/reduction/medoid_rows.hpp"
#include "merganser/reduction/pair_squares.hpp"

namespace merganser::reduction {

class MedoidDistances {
 public:
  // exactly: in single precision, with bounds of 0.
  MedoidDistances(const TokenRows& tokens, bool exactly, unsigned threads);

  // Whether less than single precision may be enough, and faster, here.
  static bool may_bound(const TokenRows& tokens) { return FineTokens::pays(tokens.count, tokens.dims); }

  // Whether all numbers are known to be below kMostMagnitude.
  bool small() const { return fine_ && fine_->small(); }
  // Makes the squares of some tokens to all others known.
  void know(const uint32_t* tokens, size_t count);
  // Those of a token that are known.
  BoundedSquares row(size_t token) const { return of(squares() + token * stride_, bounds_, token); }
  // The same for some others whose squares are known: `storage` has room for four times as many numbers.
  BoundedSquares row(size_t token, const uint32_t* others, size_t count, float* storage) const;

  // Between some tokens, whatever is known.
  class Within {
   public:
    BoundedSquares row(size_t i) const { return {squares_.data() + i * count_, {lengths_.data(), off_.data(), off_one_.data(), rounding_, least_}, lengths_[i], off_[i], off_one_[i]}; }

   private:
    size_t count_ = 0;
    std::vector<float> squares_, lengths_, off_, off_one_;
    float rounding_ = 0, least_ = 0;
    friend class MedoidDistances;
  };
  void within(const uint32_t* tokens, size_t count, Within& out) const;
  // ‖token‖² in double precision, if that is known.
  bool knows_squares() const { return fine_ != nullptr; }
  double square(size_t token) const { return fine_->square(token); }
  // The squares as the matrix in single precision has them. False: there have been so many that this matrix costs less.
  bool exactly(const std::vector<TokenPair>& pairs, std::vector<float>& squares);

 private:
  float* squares() const { return reinterpret_cast<float*>(memory_.data()); }
  BoundedSquares of(const float* squares, const SquareBounds& others, size_t token) const {
    return {squares, others, bounds_.lengths[token], bounds_.off[token], bounds_.off_one[token]};
  }

  const TokenRows& tokens_;
  size_t stride_, left_;
  parallel::KeptBuffer memory_;
  std::unique_ptr<FineTokens> fine_;
  std::vector<uint8_t> known_;  // by token, whether its squares are; empty: all are
  std::vector<float> zeros_;
  SquareBounds bounds_;
};

}  // namespace merganser::reduction
