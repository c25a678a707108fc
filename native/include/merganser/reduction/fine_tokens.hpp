// Tokens in two bytes a number, for processors that multiply those faster than numbers: scores of all pairs in a fraction of the time, and how far off they are at most.
#pragma once
#include <cstdint>
#include <vector>

#include "merganser/parallel/kept_buffer.hpp"
#include "merganser/reduction/fine_products.hpp"
#include "merganser/reduction/medoid_rows.hpp"
#include "merganser/reduction/token_rows.hpp"

namespace merganser::reduction {

class FineTokens {
 public:
  // Whether that is faster here than single precision: by matrix tiles, or by whatever there is.
  static bool tiles_pay(size_t tokens, size_t dims);
  static bool pays(size_t tokens, size_t dims);

  // sums: what scores are off by on average is found besides.
  FineTokens(const TokenRows& tokens, Similarity similarity, unsigned threads, bool sums = false);

  const FineShape& shape() const { return shape_; }
  FineRows rows(size_t first, size_t count) const { return {codes() + first * shape_.row(), scales_.data() + first, count}; }
  // Some rows, copied one behind the other.
  class Gathered {
   public:
    FineRows rows() const { return {codes_.data(), scales_.data(), scales_.size()}; }

   private:
    std::vector<int8_t> codes_;
    std::vector<float> scales_;
    friend class FineTokens;
  };
  Gathered gather(const uint32_t* tokens, size_t count) const;
  // Whether all numbers are below kMostMagnitude, by the tokens' lengths; false also where a number is none.
  bool small() const { return small_; }
  // ‖token‖² in double precision.
  double square(size_t token) const { return squares_[token]; }
  // What its whole numbers are multiplied by: the greater, the coarser they are.
  float scale(size_t token) const { return scales_[token]; }
  // Of words: what they leave of ‖token − other‖², for up to kWordRowsTogether tokens, a row of `out` each, and some others, or the first ones (null).
  void squares(const uint32_t* tokens, size_t rows, const uint32_t* others, size_t count, float* const* out) const;
  // The mean, over all tokens, of the score with the token less what fine_scores makes of it (halves left out); NaN: nothing is known.
  double left_out(size_t token) const { return left_out_[token]; }
  // −½‖token‖²; 0 for cosines.
  float half(size_t token) const { return halves_[token]; }
  // How far a score of the token, as a row, may be from what the tiles of score_panels make of it (in two bytes).
  float margin(size_t token) const;
  // The same of its squared distances, to any token.
  float square_margin(size_t token) const;
  // And for each pair.
  SquareBounds square_bounds() const { return {lengths_.data(), off_.data(), off_one_.data(), rounding_, 2e-36f}; }

 private:
  void find_left_out(const int8_t* rests, std::vector<float>& sums, unsigned threads);
  int8_t* codes() const { return reinterpret_cast<int8_t*>(memory_.data()); }

  FineShape shape_;
  float rounding_;  // what scores may be off by rounding, in parts of the product of the lengths
  parallel::KeptBuffer memory_;
  std::vector<float> scales_, halves_, lengths_, off_one_, off_;
  std::vector<double> squares_, left_out_;
  bool small_;
  float most_length_ = 0, most_off_one_ = 0, most_off_ = 0;

  friend class FineColumns;
};

// Some of the tokens, or all of them (null), as columns: pairs of panels.
class FineColumns {
 public:
  FineColumns(const FineTokens& tokens, const uint32_t* some, size_t count, unsigned threads);
  // The columns [32 first, 32 (first + count)).
  FinePairs view(size_t first, size_t count) const;
  size_t pairs() const { return pairs_; }

 private:
  FineShape shape_;
  size_t pairs_;
  parallel::KeptBuffer memory_;
  int8_t* codes_;
  std::vector<float> scales_, halves_;
};

}  // namespace merganser::reduction
