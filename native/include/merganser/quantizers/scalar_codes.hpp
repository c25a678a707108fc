// Vectors whose numbers are each rounded to one of a few levels, as one number.
#pragma once
#include <cstdint>
#include <limits>
#include <vector>

#include "merganser/clustering/point_blocks.hpp"

namespace merganser::quantizers {

// Where the levels of each number of a vector begin, from the second on, ascending; `width`, a power of two, is more than one number has, and infinities stand behind them.
struct LevelStarts {
  std::vector<float> starts;  // [dims][width]
  uint32_t width;
  const uint32_t* basis;  // what the first level of each number counts
};

// codes[i] = Σ basis × how many levels of the number have begun. Throws NotFinite.
void encode_scalars(const clustering::PointSet& points, const LevelStarts& levels, uint32_t* codes);

}  // namespace merganser::quantizers
