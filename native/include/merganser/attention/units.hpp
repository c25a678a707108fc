// Units: the queries of one tile of all heads that share a KV head.
#pragma once
#include <vector>

#include "merganser/attention/attention.hpp"
#include "merganser/attention/kept_numbers.hpp"

namespace merganser::attention {

struct Unit {
  size_t sequence;
  size_t kv_head;
  size_t from;  // queries [from, to) of each head
  size_t to;
};

std::vector<Unit> units_of(const AttentionShape& shape);

// What of a unit's queries is wanted beside the numbers. squares: for variances; plain: for matrix tiles, if they are bfloat16; only_plain: and then nothing else.
struct QueryForms {
  bool squares = false;
  bool plain = false;
  bool only_plain = false;
};

// The queries of a unit, head by head, as kernels take them.
class UnitQueries {
 public:
  // Every `step`-th query.
  UnitQueries(const AttentionShape& shape, const Unit& unit, size_t step, const QueryForms& forms);
  size_t count() const { return rows_.size(); }
  size_t stride() const { return stride_; }
  // Of the query `first` and those behind it. Null where nobody wants them.
  const float* numbers(size_t first = 0) const { return numbers_.data() ? numbers_.data() + first * stride_ : nullptr; }
  const float* squares() const { return squares_.data(); }
  // Null: nobody asked, or they are not bfloat16.
  const uint16_t* plain() const { return are_plain_ ? reinterpret_cast<const uint16_t*>(plain_.data()) : nullptr; }
  size_t plain_stride() const { return plain_stride_; }
  float factor() const { return factor_; }
  size_t head(size_t i) const { return heads_[i]; }
  size_t row(size_t i) const { return rows_[i]; }

 private:
  void copy_plain(const AttentionShape& shape, const Unit& unit);

  size_t stride_, plain_stride_;
  float factor_;
  bool are_plain_ = false;
  KeptNumbers numbers_, squares_, plain_;
  std::vector<size_t> heads_, rows_;
};

}  // namespace merganser::attention
