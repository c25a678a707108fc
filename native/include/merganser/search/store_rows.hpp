// Putting vectors into the slots of an index.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "merganser/clustering/row_arithmetic.hpp"
#include "merganser/search/search_view.hpp"

namespace merganser::search {

struct StoreSpec {
  clustering::PointSource points;
  size_t count;
  const uint32_t* rows;   // per point; null: point i is row i
  const uint32_t* slots;  // per point
  const uint32_t* lists;  // per point; null: list 0
  bool unit_length;
  unsigned threads;
};

// Called with the number of points done, by any thread; false: it is to end.
using StoreProgress = std::function<bool(size_t)>;

// Throws std::invalid_argument "not finite: N" or "too large: N" for the first point that cannot be stored.
void store_rows(const SearchView& view, const StoreSpec& spec, const StoreProgress& progress);

}  // namespace merganser::search
