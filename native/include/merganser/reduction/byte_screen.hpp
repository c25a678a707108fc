// The nearest of many tokens without most of the products: bytes first.
//
// Products of bytes cost a quarter of those in single precision, where the processor has an instruction for them, and how far off they are is known (see byte_forms.hpp): of 500 tokens one to ten may
// be the nearest by them. For these the product is computed once in any order of its terms, which leaves one or two; and for these as the tiles of score_panels would, term after term, so that the
// answer has the same bits. Rows for which bytes leave too many (equal tokens, zeros) are left to those tiles.
#pragma once
#include <vector>

#include "merganser/clustering/byte_panels.hpp"
#include "merganser/parallel/kept_buffer.hpp"
#include "merganser/reduction/byte_candidates.hpp"
#include "merganser/reduction/token_rows.hpp"

namespace merganser::reduction {

class ByteScreen {
 public:
  // Whether that is faster here than all products.
  static bool pays(const TokenRows& left, const TokenRows& right);

  ByteScreen(const TokenRows& tokens, Similarity similarity, unsigned threads);

  // The slots and scores of rows [first, first + count) of `left` as best_slots would find them. Rows that are left to it are put in the list.
  void nearest(const TokenRows& left, size_t first, size_t count, uint32_t* slots, float* scores, std::vector<uint32_t>& left_over) const;

 private:
  struct Pair {
    size_t row;
    uint32_t slot;
    float scale;  // of the row
  };

  void pack_panel(size_t panel);
  clustering::BytePanels view() const;
  // What a row of that squared length is multiplied by.
  float own_scale(double square) const;
  void look_closer(const TokenRows& left, size_t row, double square, const Candidates& candidates, std::vector<Pair>& pairs) const;
  void settle(const TokenRows& left, const Pair* pairs, size_t count, size_t first, uint32_t* slots, float* scores) const;

  const TokenRows& tokens_;
  const Similarity similarity_;
  size_t panels_, stride_;
  float rounding_;  // what scores may be off by rounding, in parts of the product of the lengths
  parallel::KeptBuffer memory_;
  int8_t* codes_;
  // By slot.
  std::vector<int32_t> starts_;
  std::vector<float> code_scales_, scales_, halves_, lengths_, errors_, rest_;
  std::vector<float> most_lengths_, most_errors_, most_rest_;  // by panel
  float greatest_length_ = 0, greatest_half_ = 0;
};

}  // namespace merganser::reduction
