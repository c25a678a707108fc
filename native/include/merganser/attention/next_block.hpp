// Reading ahead of attend_tiles. For kernels only (*.isa.cpp).
#pragma once
#include "merganser/attention/row_blocks.hpp"
#include "merganser/simd/floats16.hpp"

namespace merganser::attention::MERGANSER_ISA_NS {

// Asks for the lines of the block after a block, some at a time.
class NextBlock {
 public:
  // In about `steps` steps.
  MERGANSER_INLINE NextBlock(const RowsToAttend& rows, size_t from, size_t steps) : rows_(rows), from_(from), each_((kBlockRows + steps - 1) / steps) {}
  MERGANSER_INLINE void ask() {
    for (size_t i = 0; i < each_ && next_ < kBlockRows && from_ + next_ < rows_.count; ++i, ++next_) {
      const size_t at = rows_.first + from_ + next_, row = rows_.list ? rows_.list[at] : at;
      ask_row(rows_.keys, row);
      ask_row(rows_.values, row);
    }
  }

 private:
  MERGANSER_INLINE static void ask_row(const RowSet& set, size_t row) {
    const size_t bytes = set.dims * (set.type == RowType::float32 ? 4 : set.type == RowType::int8 ? 1 : 2);
    for (size_t at = 0; at < bytes; at += 64) simd::MERGANSER_ISA_NS::expect_line_later(reinterpret_cast<const float*>(set.data + set.stride * row + at));
  }
  const RowsToAttend& rows_;
  const size_t from_, each_;
  size_t next_ = 0;
};

}  // namespace merganser::attention::MERGANSER_ISA_NS
