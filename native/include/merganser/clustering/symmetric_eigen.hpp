// All eigenvalues and eigenvectors of a small symmetric matrix.
#pragma once
#include <cstddef>
#include <vector>

namespace merganser::clustering {

struct Eigenpairs {
  std::vector<double> values;   // descending
  std::vector<double> vectors;  // [size][size]: the vector of each value is a row of unit length
};

// Householder's reflections make the matrix tridiagonal, implicitly shifted QL rotations make it diagonal (Wilkinson & Reinsch 1971). `matrix`: size × size.
Eigenpairs symmetric_eigenpairs(std::vector<double> matrix, size_t size);

}  // namespace merganser::clustering
