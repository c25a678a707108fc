#pragma once

namespace merganser::clustering {

// Vectors of this squared length or more are refused: scores, squared distances and their sums must be finite in single precision. lib/clustering/greatest-square.ts says the same.
inline constexpr double kGreatestSquare = 1e37;

}  // namespace merganser::clustering
