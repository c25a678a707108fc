// Queries as the kernels want them: padded, and as whole numbers where rows are int8.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "merganser/search/binary_codes.hpp"
#include "merganser/search/row_scores.hpp"

namespace merganser::search {

class PreparedQueries {
 public:
  PreparedQueries(const float* queries, size_t count, size_t dims, bool whole_numbers);
  QueryRows view() const { return {values_.data(), codes_.data(), scales_.data(), squares_.data(), stride_}; }

 private:
  size_t stride_;
  std::vector<float> values_, scales_, squares_;
  std::vector<int16_t> codes_;
};

// The tables of a query for binary codes.
class CodeTables {
 public:
  CodeTables(const BinaryCodes& codes, const float* query, size_t dims);
  CodeQuery view() const { return {table_.data(), step_, lowest_}; }

 private:
  std::vector<uint8_t> table_;
  float step_, lowest_ = 0;
};

}  // namespace merganser::search
