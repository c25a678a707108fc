// Searching the lists of an index.
//
// With binary codes each query goes on its own, as the codes of a million vectors are few enough for the cache: the first lists give a threshold, of the others those vectors
// are noted whose estimate passes it, and read in the order of their estimates until none can be better than what was found. Without codes every vector of the lists is
// scored, and queries that want the same page share its way from memory.
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
