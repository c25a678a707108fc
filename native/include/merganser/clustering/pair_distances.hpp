// Distances of all pairs of some rows in double precision, and their sums, on every instruction set.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/simd/instruction_set.hpp"

namespace merganser::clustering {

constexpr size_t kDoublePanel = 8;
// Rows that stand for none: their distances are too great to be unsure, and are not read.
constexpr double kSquareOfNone = 1e200;

// Rows in double precision; as many more are there as make their number a multiple of kDoublePanel.
struct DoubleRows {
  const double* data;
  size_t stride;
  const double* squares;  // their squared lengths
  size_t count;
};

// The other rows, turned: panel[dim][8].
struct DoublePanels {
  const double* data;
  const double* squares;
  size_t count;  // panels
  size_t dims;
};

struct UnsurePair {
  uint32_t row, column;
};

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* out = row − centre, in double precision; returns its squared length. */ \
  double stage_centred(const float* row, const double* centre, size_t dims, double* out); \
  /* out[row × stride + column] = distance, by inner products. Lists the pairs whose squared distance is at most `unsure` × the sum of their squared lengths, and returns how many they are. */ \
  size_t pair_distances(const DoubleRows& rows, const DoublePanels& panels, double unsure, double* out, size_t stride, UnsurePair* pairs); \
  /* The distance of two rows by their differences. */ \
  double distance_between(const float* a, const float* b, size_t dims); \
  /* to[i] += Σ over the rows of block [rows][stride]; `count` is a multiple of kDoublePanel. */ \
  void add_rows(const double* block, size_t stride, size_t rows, size_t count, double* to); \
  double sum_of_numbers(const double* numbers, size_t count); \
  /* sums[labels[i] × stride + row] += row's number i, of kDoublePanel rows. */ \
  void add_by_label(const double* const* rows, const uint32_t* labels, size_t count, double* sums, size_t stride); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::clustering
