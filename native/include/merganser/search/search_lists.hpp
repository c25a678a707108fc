// Searching the lists of an index.
//
// With binary codes: code_search.cpp. Without them, or where every vector is to be read, row_search.cpp: queries that want the same page share its way from memory.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "merganser/search/search_view.hpp"

namespace merganser::search {

struct SearchCall {
  const float* queries;
  size_t count;
  size_t k;
  size_t probes;
  const uint32_t* mask;  // null: all slots
  size_t candidates;
  float confidence;
  unsigned threads;
  const std::atomic<bool>* cancelled;  // null: never
};

// Per query k places, the best first.
struct SearchOutput {
  uint32_t* ids;
  float* scores;
  uint32_t* counts;
};

void search_lists(const SearchView& view, const SearchCall& call, const SearchOutput& out);

}  // namespace merganser::search
