// What k-medoids does with rows of squared distances that are known but for a bound, on every instruction set.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/simd/instruction_set.hpp"

namespace merganser::reduction {

// How far off the squares of two tokens are: twice off × other length + (length + off) × other off + off_one × other off_one + rounding × (length + other length)² / 2, and a little more. Nothing where all of it is 0.
struct SquareBounds {
  const float* lengths;
  const float* off;
  const float* off_one;
  float rounding, least;
};

// Of a token, beside the squares to some others, whose bounds they are.
struct BoundedSquares {
  const float* squares;
  SquareBounds others;
  float length, off, off_one;
};

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* Lowers what the least squares so far are at least and at most. */ \
  void lower_to(const BoundedSquares& row, size_t count, float* low, float* high); \
  /* Lowers what the least squares so far are at most. */ \
  void lower_highest(const BoundedSquares& row, size_t count, float* high); \
  /* The places where the square may be as little as `high`: their number. */ \
  size_t not_above(const BoundedSquares& row, size_t count, const float* high, uint32_t* places); \
  float greatest_of(const float* values, size_t count); \
  /* The places of numbers of at least `least`: their number. */ \
  size_t not_below(const float* values, size_t count, float least, uint32_t* places); \
  /* The sums of roots, or of squares, are at least low and at most high. */ \
  void bound_sums(const BoundedSquares& row, size_t count, bool roots, float* low, float* high); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::reduction
