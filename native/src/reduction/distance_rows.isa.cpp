#include "merganser/reduction/distance_rows.hpp"

#include "merganser/simd/inline.hpp"

namespace merganser::reduction::MERGANSER_ISA_NS {
namespace {

constexpr size_t kLanes = 16, kColumns = 64;
constexpr float kInfinite = __builtin_huge_valf();

MERGANSER_INLINE float least_of_lanes(const float* lanes) {
  float least = lanes[0];
  for (size_t lane = 1; lane < kLanes; ++lane) least = lanes[lane] < least ? lanes[lane] : least;
  return least;
}

}  // namespace

void scores_to_squares(float* scores, size_t stride, size_t rows, const float* lengths, float sign) {
  for (size_t row = 0; row < rows; ++row, scores += stride) {
    for (size_t at = 0; at < kColumns; ++at) {
      const float square = lengths[row] - 2 * scores[at];
      scores[at] = sign * (square > 0 ? square : 0);
    }
  }
}

void least_of_row(const float* row, size_t room, size_t few, float* least) {
  for (size_t i = 0; i < few; ++i) least[i] = kInfinite;
  for (size_t first = 0; first < room; first += kLanes) {
    // Sixteen at a time: after the first ones, few are near enough.
    const float threshold = least[few - 1];
    uint32_t below = 0;
    for (size_t lane = 0; lane < kLanes; ++lane) below |= row[first + lane] < threshold;
    if (!below) continue;
    for (size_t at = first; at < first + kLanes; ++at) {
      if (!(row[at] < least[few - 1])) continue;
      size_t place = few - 1;
      for (; place > 0 && least[place - 1] > row[at]; --place) least[place] = least[place - 1];
      least[place] = row[at];
    }
  }
}

float least_before(const float* row, const float* ranks, size_t room, float rank) {
  float least[kLanes];
  for (float& lane : least) lane = kInfinite;
  for (size_t first = 0; first < room; first += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const float value = ranks[first + lane] < rank ? row[first + lane] : kInfinite;
      least[lane] = value < least[lane] ? value : least[lane];
    }
  }
  return least_of_lanes(least);
}

}  // namespace merganser::reduction::MERGANSER_ISA_NS
