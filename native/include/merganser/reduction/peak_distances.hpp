// What density peaks ask of the distances between tokens. All ways to answer give the same bits.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "merganser/reduction/token_rows.hpp"

namespace merganser::reduction {

// Beyond that the matrix of all distances (64 MB) would cost more memory than computing it once again costs time. What is computed anew is rounded in other places.
constexpr size_t kMostOfMatrix = 4096;

// Each answer is false if this way does not lead to it in good time: then none of its answers count, and another way is to be taken.
class PeakDistances {
 public:
  virtual ~PeakDistances() = default;
  // Whether all numbers are known to be below kMostMagnitude.
  virtual bool small() const { return false; }
  // The `few` least squares of each token, its own 0 included, ascending. Comes first.
  virtual bool least(size_t few, float* squares) = 0;
  // For each place of the order the least square to any token before it; infinity for the first.
  virtual bool least_before(const uint32_t* order, float* squares) = 0;
  // For each token the place of the nearest one of `chosen`, of equally near ones the first.
  virtual bool nearest_of(const std::vector<uint32_t>& chosen, uint32_t* places) = 0;

  // All distances in single precision: in memory where there are not too many, else computed anew for each question.
  static std::unique_ptr<PeakDistances> computed(const TokenRows& tokens, unsigned threads);
  // Those that matter, by what two bytes a number leave of all. Null where that is no faster.
  static std::unique_ptr<PeakDistances> screened(const TokenRows& tokens, unsigned threads);
};

}  // namespace merganser::reduction
