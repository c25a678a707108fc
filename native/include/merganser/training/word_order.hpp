// The order in which words stand in cells: by falling count, then by their first bytes.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "merganser/training/word_table.hpp"

namespace merganser::training {

// A word as it is sorted: in the table words lie in the order of nothing, and looking there again costs a miss each time.
struct WordPlace {
  uint32_t slot, bytes;
  uint16_t front;  // its first bytes
  uint16_t place;  // of its count: 0 for all large ones, in their order, then one for each
  bool is_large() const { return place == 0; }
};

// The words of two bytes and more.
std::vector<WordPlace> order_of(const WordTable& words);

}  // namespace merganser::training
