// Arithmetic of rows of double-precision numbers: what eigenvectors are computed with.
#pragma once
#include <cstddef>

#include "merganser/simd/instruction_set.hpp"

namespace merganser::clustering {

// A matrix whose rows lie `stride` apart.
template <typename Number>
struct Strided {
  Number* data;
  size_t rows;
  size_t stride;
  Number* row(size_t i) const { return data + i * stride; }
};

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  double dot(const double* a, const double* b, size_t size); \
  /* to += factor × from */ \
  void add_multiple(double* to, const double* from, double factor, size_t size); \
  /* (a, b) = (cosine × a − sine × b, sine × a + cosine × b) */ \
  void rotate(double* a, double* b, double cosine, double sine, size_t size); \
  /* out[i][j] = ⟨row i of a, row j of b⟩ */ \
  void all_dots(Strided<const double> a, Strided<const double> b, size_t size, Strided<double> out); \
  /* out[i] += Σ over the rows j of b of factors[i][j] × their columns [first, last) */ \
  void add_combinations(Strided<const double> factors, Strided<const double> b, size_t first, size_t last, Strided<double> out); \
  void add_float_combinations(Strided<const double> factors, Strided<const float> b, size_t first, size_t last, Strided<double> out); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::clustering
