// Sums of rows with weights, and inner products of chosen pairs: what is done where only few pairs matter.
#pragma once
#include <cstddef>
#include <cstdint>

namespace merganser::reduction {

// Row r of a sparse matrix has the entries [offsets[r], offsets[r + 1]).
struct SparseRows {
  const uint32_t* offsets;
  const uint32_t* columns;
  size_t rows;
};

// out[r] = Σ over its entries of weights[entry] × row columns[entry] of values. `greatest`, unless null: the greatest magnitude of the numbers of those rows; infinite or NaN if any is.
void combine_rows(const SparseRows& matrix, const float* weights, const float* values, size_t dims, unsigned threads, float* out, float* greatest);

// Lengths of rows, in double precision.
void row_lengths(const float* values, size_t rows, size_t dims, unsigned threads, double* lengths);

// Rows in groups: row r, of weight weights[r], is in group of[r], and a group's weights sum to its mass.
struct RowGroups {
  const uint32_t* of;
  const float* weights;
  size_t rows;
  const double* masses;
  size_t count;
};

// out[g]: the weighted mean of a group's rows, each by its part of the mass (0 where there is none); longest: scaled to the length of the longest of them, zeros stay zeros. `greatest`: as above.
void group_means(const RowGroups& groups, const float* values, size_t dims, bool longest, unsigned threads, float* out, float* greatest);

// out[entry] = ‖left r − right columns[entry]‖². Rows with the same columns as the row before are cheaper. known, unless null: ‖left r‖² of each row, or less than 0 where that
// is to be found.
void sparse_squares(const SparseRows& matrix, const float* left, const float* right, size_t right_rows, size_t dims, unsigned threads, float* out, double* known);

// weights = exp(−temperature × (square − the least of its row)), divided by the row's sum of them or, `squared`, by the root of their squares' sum. weights may be the squares.
void softmax_rows(const uint32_t* offsets, size_t rows, const float* squares, double temperature, bool squared, unsigned threads, float* weights);

}  // namespace merganser::reduction
