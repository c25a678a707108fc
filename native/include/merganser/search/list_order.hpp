// Which lists are searched for a query, and in which order: those whose centroid's score, with what the list's spread adds to it, is greatest.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "merganser/search/row_scores.hpp"
#include "merganser/search/search_view.hpp"

namespace merganser::search {

class ListOrder {
 public:
  ListOrder(const SearchView& view, size_t probes) : view_(view), probes_(probes < view.lists ? probes : view.lists) {}
  // The lists of the queries [first, first + count), at most kQueryTile of them: out[0] … out[count − 1], the first to search first.
  void find(const QueryRows& queries, size_t first, size_t count, std::vector<uint32_t>* out);

 private:
  void choose(const float* scores, std::vector<uint32_t>& out);

  const SearchView& view_;
  const size_t probes_;
  std::vector<float> scores_, sample_;
  std::vector<uint64_t> keys_;
};

}  // namespace merganser::search
