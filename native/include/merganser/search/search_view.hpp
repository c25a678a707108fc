// An index as the search sees it: arrays that its owner keeps.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/search/binary_codes.hpp"
#include "merganser/search/row_scores.hpp"

namespace merganser::search {

struct ListCentroids {
  const float* data;
  SlotRows rows;  // the same as int8
  const float* biases;
  const float* spreads;
};

// List i has sizes[i] vectors in its pages pages[page_offsets[i]] …, full but for the last.
struct SearchView {
  size_t dims;
  ScoreKind kind;
  SlotRows rows;
  const uint32_t* ids;
  const uint32_t* pages;
  const uint32_t* page_offsets;
  const uint32_t* sizes;
  size_t lists;
  ListCentroids centroids;  // data null: a single list
  BinaryCodes codes;        // bits null: none
  SlotRows exact;           // data null: none
  bool exact_by_id;
};

}  // namespace merganser::search
