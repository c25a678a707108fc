// Inner products of all rows of one matrix with all rows of another, by the tiles of score_panels.
#pragma once
#include <cstddef>
#include <cstdint>

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
// [offsets[i], offsets[i + 1]); without rows it scores 0.
struct Sequences {
  const float* data;
  const uint32_t* offsets;
  size_t count;
};
void max_sim(const Sequences& queries, const Sequences& documents, size_t dims, unsigned threads, double* out);

}  // namespace merganser::clustering
