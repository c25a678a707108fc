// The greatest scores of rows among slots that may have them. Scores in any order of their terms leave one or two of these; those are computed as the tiles of score_panels would, term after term, so that the answer has the same bits.
#pragma once
#include <vector>

#include "merganser/reduction/token_rows.hpp"

namespace merganser::reduction {

class SlotChoice {
 public:
  // Room for the slots of so many tokens, and more of them that are never looked at.
  SlotChoice(const TokenRows& tokens, Similarity similarity, size_t room);

  // What a row of that squared length is multiplied by.
  float scale_of(double square) const { return similarity_ == Similarity::cosine ? unit_scale(square) : 1; }
  void set(size_t slot, double square) {
    scales_[slot] = scale_of(square);
    halves_[slot] = similarity_ == Similarity::cosine ? 0 : static_cast<float>(-square / 2);
  }
  // What `set` said of all slots. greatest_length: at least the length of each token times its scale.
  void finish(float greatest_length);
  const float* halves() const { return halves_.data(); }
  float scale(size_t slot) const { return scales_[slot]; }
  // What scores may be off by rounding, in parts of the product of the lengths.
  float rounding() const { return rounding_; }

  // The choice for rows [first, first + count). wanted: scores matter, even where a slot is alone.
  class Rows {
   public:
    Rows(const SlotChoice& choice, const TokenRows& left, size_t first, size_t count, bool wanted, uint32_t* slots, float* scores);
    // These slots are all that may be the greatest one's.
    void take(size_t row, double square, const uint32_t* slots, size_t count);
    // The same, of which the products ⟨row, token⟩ are known; slots: null: the first ones. Those are left out that others are greater than.
    void take_greatest(size_t row, double square, const uint32_t* slots, const float* products, size_t count);
    void finish();

   private:
    struct Pair {
      size_t row;
      uint32_t slot;
      float scale;  // of the row
    };
    void settle(const Pair* pairs, size_t count);

    const SlotChoice& choice_;
    const TokenRows& left_;
    const size_t first_;
    const bool wanted_;
    uint32_t* const slots_;
    float* const scores_;
    std::vector<Pair> pairs_;
    std::vector<double> values_;
    std::vector<uint32_t> possible_;
  };

 private:
  const TokenRows& tokens_;
  const Similarity similarity_;
  const float rounding_;
  std::vector<float> scales_, halves_;
  float greatest_length_ = 0, greatest_half_ = 0;
};

}  // namespace merganser::reduction
