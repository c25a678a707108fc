// Tokens as rows of a matrix, or some of its rows, and the two forms in which the tiles of score_panels take them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>

#include "merganser/clustering/row_arithmetic.hpp"
#include "merganser/clustering/score_panels.hpp"
#include "merganser/parallel/kept_buffer.hpp"

namespace merganser::reduction {

// The least multiple of `step` that is not below `count`.
inline size_t whole(size_t count, size_t step) { return (count + step - 1) / step * step; }

struct TokenRows {
  const float* data;
  const uint32_t* rows;  // null: all of them
  size_t count;
  size_t dims;
  const float* row(size_t i) const { return data + (rows ? rows[i] : i) * dims; }
};

enum class Similarity : uint8_t { euclidean, cosine };

// Callers refuse tokens with numbers that are not below that.
constexpr double kMostMagnitude = 1e18;

// Infinite or NaN if any number is either.
float greatest_magnitude(const float* values, size_t count, unsigned threads);

// ‖row‖² in double precision.
double squared_length(const float* row, size_t dims);

// The same of up to kLengthsTogether tokens [first, end). Those behind them are asked for: they come next.
constexpr size_t kLengthsTogether = clustering::kNormsTogether;
void squared_lengths(const TokenRows& tokens, size_t first, size_t end, double* squares);

// Tokens as panels of 16 (see score_panels.hpp). Cosine: at unit length, so that scores are products; Euclidean: with half their squared lengths, so that the greatest score is the
// nearest token. Panels are filled up with tokens that never win.
class TokenPanels {
 public:
  TokenPanels(const TokenRows& tokens, Similarity similarity, unsigned threads);
  clustering::Panels view() const { return view(0, count_); }
  clustering::Panels view(size_t first, size_t count) const;
  size_t count() const { return count_; }

 private:
  size_t count_, dims_;
  parallel::KeptBuffer memory_;
  float *packed_, *halves_;
};

// Some consecutive tokens as rows back to back, at unit length for cosines.
class StagedRows {
 public:
  StagedRows(const TokenRows& tokens, size_t first, size_t count, Similarity similarity);
  clustering::Rows view() const { return {rows_.get(), stride_, count_}; }
  // Of the tokens as they are.
  double squared_length_of(size_t i) const { return squares_[i]; }

 private:
  // Longer than a row: rows whose length is a power of two would all want the same places in the cache.
  size_t stride_, count_;
  std::unique_ptr<float[]> rows_;
  std::unique_ptr<double[]> squares_;
};

// What makes a token of this square one of unit length; 0 for zeros, and for tokens so short that no float does.
float unit_scale(double square);

// How many rows a piece of work takes: a multiple of all tiles, small enough for the cache, and so many pieces that threads end together.
size_t rows_of_piece(size_t count, size_t dims, unsigned threads);

}  // namespace merganser::reduction
