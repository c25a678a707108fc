// A few leading eigenvectors of a large symmetric matrix.
//
// Block Lanczos with thick restarts (Wu & Simon 2000): a space of orthonormal vectors grows by the matrix' products with its latest few, until there is no more room; then the vectors in it that
// are nearest to being the wanted ones are kept, and it grows on from where it was. What makes it fast: blocks of eight vectors need the matrix to come from memory once for all of them;
// vectors are made orthogonal to the whole space by products of matrices; and products with the space, which that needs anyway, are the matrix that is diagonalised at a restart.
#pragma once
#include <atomic>
#include <cstddef>

namespace merganser::clustering {

struct SymmetricMatrix {
  const float* data;
  size_t size;
};

// The `count` greatest eigenvalues, descending, and their vectors as rows of unit length: residuals are below 10⁻⁸ of the greatest eigenvalue in size: where
// eigenvalues lie so close that restarts would take long, the space becomes larger, at last all.
// All is in double precision, and the same whatever the number of threads. Ends early when cancelled.
void leading_eigenvectors(const SymmetricMatrix& matrix, size_t count, unsigned threads, const std::atomic<bool>* cancelled, double* values, double* vectors);

}  // namespace merganser::clustering
