// Rows of the matrix of distances between clusters, on every instruction set. A row has room for a multiple of 16 numbers.
#pragma once
#include <cstddef>

#include "merganser/simd/instruction_set.hpp"

namespace merganser::clustering {

// The two clusters that become one: their sizes and how far they are apart.
struct JoinedPair {
  double first_size, second_size, distance;
};

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* The first number that is not from 0 to below `limit`; `count` if all are. */ \
  size_t first_unfit(const double* numbers, size_t count, double limit); \
  /* The first place of the least number, where `gone` is 0; it is infinite in all other places. */ \
  size_t least_place(const double* row, const double* gone, size_t room); \
  /* Lance and Williams: `second` becomes the distances of the joined cluster. sizes: of the clusters in all places. */ \
  void join_ward(const double* first, double* second, const double* sizes, size_t room, const JoinedPair& pair); \
  void join_average(const double* first, double* second, const double* sizes, size_t room, const JoinedPair& pair); \
  void join_complete(const double* first, double* second, const double* sizes, size_t room, const JoinedPair& pair); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::clustering
