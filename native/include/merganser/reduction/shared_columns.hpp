// Rows of a sparse matrix with most of their columns in common, as neighbours on a grid have: what is loaded once serves all of them.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "merganser/reduction/combinations.hpp"
#include "merganser/reduction/score_rows.hpp"

namespace merganser::reduction {

struct SharedColumns {
  std::vector<uint32_t> columns;  // of all kRowsTogether rows, ascending
  std::vector<uint8_t> members;   // bit r: row first + r has that column

  // False if that does not pay: the rows have few columns, or few in common, or those do not ascend.
  bool gather(const SparseRows& matrix, size_t first) {
    constexpr size_t kLeast = 8;
    columns.clear();
    members.clear();
    const uint32_t *next[kRowsTogether], *end[kRowsTogether];
    const size_t all = matrix.offsets[first + kRowsTogether] - matrix.offsets[first];
    for (size_t r = 0; r < kRowsTogether; ++r) {
      next[r] = matrix.columns + matrix.offsets[first + r];
      end[r] = matrix.columns + matrix.offsets[first + r + 1];
      if (static_cast<size_t>(end[r] - next[r]) < kLeast) return false;
    }
    for (size_t taken = 0; taken < all;) {
      uint32_t least = UINT32_MAX;
      for (size_t r = 0; r < kRowsTogether; ++r) {
        if (next[r] < end[r]) least = std::min(least, *next[r]);
      }
      if (!columns.empty() && least <= columns.back()) return false;
      unsigned of = 0;
      for (size_t r = 0; r < kRowsTogether; ++r) {
        if (next[r] < end[r] && *next[r] == least) ++next[r], ++taken, of |= 1u << r;
      }
      columns.push_back(least);
      members.push_back(static_cast<uint8_t>(of));
      if (2 * columns.size() > all) return false;
    }
    return true;
  }
  bool has(size_t entry, size_t row) const { return members[entry] >> row & 1; }
};

}  // namespace merganser::reduction
