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

// The queries of a unit, head by head, as kernels take them.
class UnitQueries {
 public:
  // Every `step`-th query. `with_squares`: for variances, too.
  UnitQueries(const AttentionShape& shape, const Unit& unit, size_t step, bool with_squares);
  size_t count() const { return rows_.size(); }
  size_t stride() const { return stride_; }
  const float* numbers() const { return numbers_.data(); }
  const float* squares() const { return squares_.data(); }
  size_t head(size_t i) const { return heads_[i]; }
  size_t row(size_t i) const { return rows_[i]; }

 private:
  size_t stride_;
  KeptNumbers numbers_, squares_;
  std::vector<size_t> heads_, rows_;
};

}  // namespace merganser::attention
