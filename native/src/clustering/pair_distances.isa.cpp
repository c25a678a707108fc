#include "merganser/clustering/pair_distances.hpp"

#include <cmath>

#include "merganser/simd/doubles8.hpp"

namespace merganser::clustering::MERGANSER_ISA_NS {
namespace {

using simd::MERGANSER_ISA_NS::Doubles8;
using simd::MERGANSER_ISA_NS::kDoubleTileColumns;
using simd::MERGANSER_ISA_NS::kDoubleTileRows;
constexpr size_t kLanes = kDoublePanel;
constexpr size_t kTileRows = static_cast<size_t>(kDoubleTileRows);
constexpr size_t kTilePanels = static_cast<size_t>(kDoubleTileColumns);

// Where distances go, and the pairs that are too near to each other.
struct Output {
  double unsure;
  double* out;
  size_t stride;
  UnsurePair* pairs;
  size_t unsure_pairs;
};

// kTileRows rows by kPanels panels.
template <size_t kPanels>
MERGANSER_INLINE void distances_of_tile(const DoubleRows& rows, size_t row, const DoublePanels& panels, size_t panel, Output& output) {
  const double* numbers = panels.data + panel * panels.dims * kLanes;
  const double* const first = rows.data + row * rows.stride;
  const size_t apart = panels.dims * kLanes;
  Doubles8 sums[kTileRows][kPanels];
#pragma GCC unroll 8
  for (size_t r = 0; r < kTileRows; ++r) {
#pragma GCC unroll 2
    for (size_t p = 0; p < kPanels; ++p) sums[r][p] = Doubles8::zero();
  }
  for (size_t dim = 0; dim < panels.dims; ++dim) {
    Doubles8 columns[kPanels];
#pragma GCC unroll 2
    for (size_t p = 0; p < kPanels; ++p) columns[p] = Doubles8::load(numbers + p * apart + dim * kLanes);
#pragma GCC unroll 8
    for (size_t r = 0; r < kTileRows; ++r) {
      const Doubles8 factor = Doubles8::broadcast(first[r * rows.stride + dim]);
#pragma GCC unroll 2
      for (size_t p = 0; p < kPanels; ++p) sums[r][p].add_product(factor, columns[p]);
    }
  }
  const Doubles8 unsure = Doubles8::broadcast(output.unsure), minus_two = Doubles8::broadcast(-2);
#pragma GCC unroll 8
  for (size_t r = 0; r < kTileRows; ++r) {
    const Doubles8 square = Doubles8::broadcast(rows.squares[row + r]);
#pragma GCC unroll 2
    for (size_t p = 0; p < kPanels; ++p) {
      const Doubles8 both = square + Doubles8::load(panels.squares + (panel + p) * kLanes);
      Doubles8 apart_squared = both;
      apart_squared.add_product(minus_two, sums[r][p]);
      unsigned near = Doubles8::lesser(apart_squared, both * unsure).equal_to(apart_squared);
      apart_squared.root().store(output.out + (row + r) * output.stride + (panel + p) * kLanes);
      for (uint32_t lane = 0; near != 0; ++lane, near >>= 1) {
        if (near & 1) output.pairs[output.unsure_pairs++] = {static_cast<uint32_t>(row + r), static_cast<uint32_t>((panel + p) * kLanes) + lane};
      }
    }
  }
}

}  // namespace

double stage_centred(const float* row, const double* centre, size_t dims, double* out) {
  Doubles8 squares = Doubles8::zero();
  size_t dim = 0;
  for (; dim + kLanes <= dims; dim += kLanes) {
    const Doubles8 numbers = Doubles8::load(row + dim) - Doubles8::load(centre + dim);
    numbers.store(out + dim);
    squares.add_product(numbers, numbers);
  }
  double square = sum_of(squares);
  for (; dim < dims; ++dim) {
    out[dim] = static_cast<double>(row[dim]) - centre[dim];
    square += out[dim] * out[dim];
  }
  return square;
}

size_t pair_distances(const DoubleRows& rows, const DoublePanels& panels, double unsure, double* out, size_t stride, UnsurePair* pairs) {
  Output output{unsure, out, stride, pairs, 0};
  size_t panel = 0;
  for (; panel + kTilePanels <= panels.count; panel += kTilePanels) {
    for (size_t row = 0; row < rows.count; row += kTileRows) distances_of_tile<kTilePanels>(rows, row, panels, panel, output);
  }
  for (; panel < panels.count; ++panel) {
    for (size_t row = 0; row < rows.count; row += kTileRows) distances_of_tile<1>(rows, row, panels, panel, output);
  }
  return output.unsure_pairs;
}

double distance_between(const float* a, const float* b, size_t dims) {
  Doubles8 squares[2] = {Doubles8::zero(), Doubles8::zero()};
  size_t dim = 0;
  for (; dim + 2 * kLanes <= dims; dim += 2 * kLanes) {
#pragma GCC unroll 2
    for (size_t p = 0; p < 2; ++p) {
      const Doubles8 difference = Doubles8::load(a + dim + p * kLanes) - Doubles8::load(b + dim + p * kLanes);
      squares[p].add_product(difference, difference);
    }
  }
  double square = sum_of(squares[0] + squares[1]);
  for (; dim < dims; ++dim) {
    const double difference = static_cast<double>(a[dim]) - static_cast<double>(b[dim]);
    square += difference * difference;
  }
  return ::sqrt(square);
}

void add_rows(const double* block, size_t stride, size_t rows, size_t count, double* to) {
  for (size_t at = 0; at < count; at += kLanes) {
    Doubles8 sum = Doubles8::load(to + at);
    for (size_t row = 0; row < rows; ++row) sum = sum + Doubles8::load(block + row * stride + at);
    sum.store(to + at);
  }
}

double sum_of_numbers(const double* numbers, size_t count) {
  Doubles8 sums = Doubles8::zero();
  size_t at = 0;
  for (; at + kLanes <= count; at += kLanes) sums = sums + Doubles8::load(numbers + at);
  double sum = sum_of(sums);
  for (; at < count; ++at) sum += numbers[at];
  return sum;
}

void add_by_label(const double* const* rows, const uint32_t* labels, size_t count, double* sums, size_t stride) {
  const double *r0 = rows[0], *r1 = rows[1], *r2 = rows[2], *r3 = rows[3], *r4 = rows[4], *r5 = rows[5], *r6 = rows[6], *r7 = rows[7];
  for (size_t i = 0; i < count; ++i) {
    const double column[kLanes] = {r0[i], r1[i], r2[i], r3[i], r4[i], r5[i], r6[i], r7[i]};
    double* const to = sums + labels[i] * stride;
    (Doubles8::load(to) + Doubles8::load(column)).store(to);
  }
}

}  // namespace merganser::clustering::MERGANSER_ISA_NS
