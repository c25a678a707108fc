// Arithmetic on single rows, on every instruction set. `stage_row` makes rows of the caller's array what the kernels want: float32, scaled, centred, padded
// with zeros. It is done for a block that stays in the cache, so that no copy of the whole is made whatever its type.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/simd/instruction_set.hpp"

namespace merganser::clustering {

enum class ElementType : uint8_t { float32, float16, bfloat16 };

struct PointSource {
  const void* data;
  ElementType type;
  size_t dims;
  const float* scales;  // per row of the array, or null: 1
  const float* centre;  // subtracted after scaling; null: zeros
};

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* Row `row` of the source into `out`, with zeros up to `padded` elements. */ \
  void stage_row(const PointSource& source, size_t row, float* out, size_t padded); \
  /* Tells the memory that a row will be staged soon. */ \
  void expect_row(const PointSource& source, size_t row); \
  /* ‖row‖² in double precision, eight partial sums: the same on every instruction set. */ \
  double squared_norm(const float* row, size_t padded); \
  /* to = scale × row */ \
  void scale_row(const float* row, float scale, size_t dims, float* to); \
  /* panel[dim][16] = scales[i] × element `dim` of rows[i]; zeros where a row is null. */ \
  void pack_panel(const float* const* rows, const float* scales, size_t dims, float* panel); \
  /* Sixteen partial sums in single precision. */ \
  float dot(const float* left, const float* right, size_t padded); \
  /* Greatest magnitude; infinite or NaN if any element is. */ \
  float greatest_magnitude(const float* row, size_t padded); \
  /* sums += factor × row, each product rounded to a grid: (v + grid) − grid. Sums of such numbers are exact, whatever their order. */ \
  void add_to_sums(double* sums, const float* row, double factor, double grid, size_t padded); \
  /* nearest[i] = least of it and bounds[panel][i] − drifts[panel] over all panels. */ \
  void nearest_bounds(const float* bounds, size_t panels, size_t points, const float* drifts, float* nearest); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::clustering
