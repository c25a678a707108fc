// Loops that compilers make vectors of.
#include "merganser/reduction/medoid_rows.hpp"

#include "merganser/simd/inline.hpp"

namespace merganser::reduction::MERGANSER_ISA_NS {
namespace {

constexpr size_t kLanes = 16;

MERGANSER_INLINE float bound(const BoundedSquares& row, size_t i) {
  const SquareBounds& others = row.others;
  const float both = row.length + others.lengths[i];
  const float scores = row.off * others.lengths[i] + (row.length + row.off) * others.off[i] + row.off_one * others.off_one[i] + others.rounding * .5f * (both * both);
  return 2.02f * scores + others.least;
}

MERGANSER_INLINE float lowest(const BoundedSquares& row, size_t i) {
  const float least = row.squares[i] - bound(row, i);
  return least > 0 ? least : 0;
}

MERGANSER_INLINE float highest(const BoundedSquares& row, size_t i) { return row.squares[i] + bound(row, i); }

// Places of numbers that `chosen` chooses, of which there are few.
template <typename Chosen>
MERGANSER_INLINE size_t list_places(size_t count, uint32_t* places, Chosen chosen) {
  size_t size = 0, first = 0;
  for (; first + kLanes <= count; first += kLanes) {
    uint32_t any = 0;
    for (size_t i = first; i < first + kLanes; ++i) any |= static_cast<uint32_t>(chosen(i));
    if (!any) continue;
    for (size_t i = first; i < first + kLanes; ++i) {
      if (chosen(i)) places[size++] = static_cast<uint32_t>(i);
    }
  }
  for (; first < count; ++first) {
    if (chosen(first)) places[size++] = static_cast<uint32_t>(first);
  }
  return size;
}

}  // namespace

void lower_to(const BoundedSquares& row, size_t count, float* __restrict low, float* __restrict high) {
  for (size_t i = 0; i < count; ++i) {
    const float least = lowest(row, i), most = highest(row, i);
    low[i] = least < low[i] ? least : low[i];
    high[i] = most < high[i] ? most : high[i];
  }
}

void lower_highest(const BoundedSquares& row, size_t count, float* __restrict high) {
  for (size_t i = 0; i < count; ++i) {
    const float most = highest(row, i);
    high[i] = most < high[i] ? most : high[i];
  }
}

size_t not_above(const BoundedSquares& row, size_t count, const float* high, uint32_t* places) {
  return list_places(count, places, [&](size_t i) MERGANSER_INLINE_LAMBDA { return lowest(row, i) <= high[i]; });
}

float greatest_of(const float* values, size_t count) {
  float lanes[kLanes];
  for (float& lane : lanes) lane = values[0];
  size_t first = 0;
  for (; first + kLanes <= count; first += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) lanes[lane] = values[first + lane] > lanes[lane] ? values[first + lane] : lanes[lane];
  }
  for (; first < count; ++first) lanes[0] = values[first] > lanes[0] ? values[first] : lanes[0];
  float greatest = lanes[0];
  for (const float lane : lanes) greatest = lane > greatest ? lane : greatest;
  return greatest;
}

size_t not_below(const float* values, size_t count, float least, uint32_t* places) {
  return list_places(count, places, [&](size_t i) MERGANSER_INLINE_LAMBDA { return values[i] >= least; });
}

void bound_sums(const BoundedSquares& row, size_t count, bool roots, float* low, float* high) {
  float least[kLanes] = {}, most[kLanes] = {};
  const auto add = [&](size_t i, size_t lane) MERGANSER_INLINE_LAMBDA {
    const float from = lowest(row, i), to = highest(row, i);
    least[lane] += roots ? __builtin_sqrtf(from) : from;
    most[lane] += roots ? __builtin_sqrtf(to) : to;
  };
  size_t first = 0;
  for (; first + kLanes <= count; first += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) add(first + lane, lane);
  }
  for (size_t lane = 0; first < count; ++first, ++lane) add(first, lane);
  float sums[2] = {};
  for (size_t lane = 0; lane < kLanes; ++lane) sums[0] += least[lane], sums[1] += most[lane];
  // What the roots and sums may be off by rounding.
  const float off = static_cast<float>(count / kLanes + 40) * 0x1p-23f;
  *low = sums[0] * (1 - off);
  *high = sums[1] * (1 + off);
}

}  // namespace merganser::reduction::MERGANSER_ISA_NS
