// Tokens' first dimensions in a byte a number, as rows and as columns: bounds of the squared distances of all pairs, ‖x − y‖² ≥ ‖first of x − first of y‖², in a part of the time of words (see fine_tokens.hpp).
#pragma once
#include <vector>

#include "merganser/parallel/kept_buffer.hpp"
#include "merganser/reduction/byte_scores.hpp"
#include "merganser/reduction/fine_tokens.hpp"
#include "merganser/reduction/token_rows.hpp"

namespace merganser::reduction {

class ByteTokens {
 public:
  // Whether bytes take so much less time here.
  static bool pay();

  // fine: the same tokens. dims: so many dimensions.
  ByteTokens(const TokenRows& tokens, const FineTokens& fine, size_t dims, unsigned threads);

  clustering::ByteRows rows(size_t first, size_t count) const { return {codes_.data() + first * stride_, stride_, scales_.data() + first, nullptr, nullptr, count}; }
  clustering::BytePanels panels() const;
  // ‖first of the token‖².
  double square(size_t token) const { return squares_[token]; }
  // How much greater the squared distance by bytes may be than what single precision makes of that of the whole token, to any token.
  float square_margin(size_t token) const;

 private:
  void pack(const TokenRows& tokens, const FineTokens& fine, size_t panel);

  size_t dims_, panels_, stride_;
  float rounding_;
  std::vector<uint8_t> codes_;
  parallel::KeptBuffer memory_;
  int8_t* packed_;
  std::vector<int32_t> starts_;
  std::vector<float> scales_, halves_, whole_lengths_, lengths_, off_;
  std::vector<double> squares_;
  float most_whole_ = 0, most_length_ = 0, most_off_ = 0;
};

}  // namespace merganser::reduction
