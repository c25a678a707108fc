// Tokens at unit length in 16 bits a number (see word_products.hpp): cosines of all pairs in part of the time, and what these are off by on average, for each token.
#pragma once
#include <vector>

#include "merganser/parallel/kept_buffer.hpp"
#include "merganser/reduction/token_rows.hpp"
#include "merganser/reduction/word_products.hpp"

namespace merganser::reduction {

class WordTokens {
 public:
  // Whether that is faster here than single precision.
  static bool pays(size_t tokens, size_t dims);

  WordTokens(const TokenRows& tokens, unsigned threads);

  WordRows rows(size_t first, size_t count) const { return {codes_ + first * stride_, stride_, scales_.data() + first, count}; }
  // Columns [16 first, 16 (first + count)).
  WordPanels panels(size_t first, size_t count) const;
  // ‖token‖² in double precision.
  double square(size_t token) const { return squares_[token]; }
  // What its whole numbers are multiplied by: the greater, the coarser they are.
  float scale(size_t token) const { return scales_[token]; }
  // The mean, over all tokens, of the cosine with the token less the cosine by words; NaN: nothing is known.
  double left_out(size_t token) const { return left_out_[token]; }

 private:
  size_t count_, stride_;
  parallel::KeptBuffer memory_;
  int16_t *codes_, *packed_;
  std::vector<float> scales_;
  std::vector<double> squares_, left_out_;
};

}  // namespace merganser::reduction
