// Products of matrix tiles that are made a step at a time, between other work. For kernels only (*.isa.cpp).
#pragma once
#include "merganser/attention/pairs_packing.hpp"

#if defined(MERGANSER_KNOWS_MATRIX_TILES)

namespace merganser::attention::MERGANSER_ISA_NS {

// Products that are still to be made, one step after the other.
class Products {
 public:
  // From the sums' first step to their last one: 32 rows at `rows` by 32 columns. No columns: those of the step before.
  struct Step {
    const uint16_t *rows, *first_columns, *second_columns;
    enum : uint8_t { none, zero, sums, half_sums } begin, end;
    float* at;
    size_t stride;  // of sums, in numbers
  };
  void clear() { next_ = count_ = 0; }
  void push(const Step& step) { steps_[count_++] = step; }
  size_t left() const { return count_ - next_; }
  MERGANSER_INLINE void make_one() {
    if (next_ == count_) return;
    const Step& step = steps_[next_++];
    float *const first = step.at, *const second = first + kTileSide * step.stride;
    if (step.begin != Step::none) {
      if (step.begin != Step::sums) tiles_.clear();
      if (step.begin == Step::sums) tiles_.load(first, second, step.stride * sizeof(float));
      if (step.begin == Step::half_sums) tiles_.load_half(first, second, step.stride * sizeof(float));
    }
    if (step.first_columns) tiles_.load_columns(step.first_columns, step.second_columns);
    tiles_.add_rows(step.rows);
    if (step.end == Step::sums) tiles_.store(first, second, step.stride * sizeof(float));
    if (step.end == Step::half_sums) tiles_.store_half(first, second, step.stride * sizeof(float));
  }
  void make_all() { while (left() > 0) make_one(); }
  void end() { tiles_.release(); }

 private:
  // Of logits, of rows of bytes and their variances or of others, and of weighted sums.
  static constexpr size_t kMost = kPairSteps * (kMaxDims / kTileNumbers) * (2 * kByteQueryParts + kWeightParts);
  static_assert(2 * kByteQueryParts >= kQueryParts);
  Bfloat16Tiles tiles_;
  size_t next_ = 0, count_ = 0;
  Step steps_[kMost];
};

}  // namespace merganser::attention::MERGANSER_ISA_NS
#endif
