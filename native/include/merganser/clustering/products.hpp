// Inner products of all rows of one matrix with all rows of another, by the tiles of score_panels.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "merganser/clustering/row_arithmetic.hpp"

namespace merganser::clustering {

struct Matrix {
  const float* data;
  size_t rows;
};

// out[i × right.rows + j] = ⟨left i, right j⟩, each a chain of fused multiply-adds in the order of the dimensions.
void products(const Matrix& left, const Matrix& right, size_t dims, unsigned threads, float* out);

// The greatest product of each row and its column: of equal ones the first.
void greatest_products(const Matrix& left, const Matrix& right, size_t dims, unsigned threads, uint32_t* columns, float* values);

// out[q × documents + d] = Σ over the rows of query q of their greatest product with any row of document d. Sequence i has the rows
// [offsets[i], offsets[i + 1]), of which those count that `mask` does not have as 0; without rows it scores 0. Rows of documents may be of any type: they
// are widened as they are read. Returns the first row of the documents that counts and is not finite or whose squared length is not below kGreatestSquare, or SIZE_MAX.
struct Sequences {
  const void* data;
  ElementType type;
  const uint32_t* offsets;
  size_t count;
  const uint8_t* mask;  // per row; null: all count
};
size_t max_sim(const Sequences& queries, const Sequences& documents, size_t dims, unsigned threads, const std::atomic<bool>* cancelled, double* out);

}  // namespace merganser::clustering
