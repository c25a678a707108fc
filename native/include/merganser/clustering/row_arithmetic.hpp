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

// Numbers of a known magnitude are rounded to the coarse grid, and what that leaves to the fine one: numbers that are far smaller than the greatest keep their digits.
struct Grids {
  double coarse, fine;
};

// What a pass begins with for the points of a block that stand one after the other; index: place in the block.
struct OwnDistances {
  const float* rows;
  size_t stride, padded;
  const float* centroids;  // `padded` apart
  const float* halves;     // −½‖c‖², per slot
  const uint32_t* slots;   // the point's own centroid
  const float* squares;    // ‖x‖²
  float error_of_length, error_of_all;  // of a score: of the point's length, and whatever the point
  float* errors;           // filled: of the point's scores
  float* norms;            // ‖x‖² − 2 errors
  float* thresholds;       // own scores − 2 errors
  float* reach;            // the own distance, rounded up, where that is less
};

// Rows whose lengths are taken at once: additions of one wait for each other, and so does what each page of memory is waited for.
constexpr size_t kNormsTogether = 4;

#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  /* Row `row` of the source into `out`, with zeros up to `padded` elements. */ \
  void stage_row(const PointSource& source, size_t row, float* out, size_t padded); \
  /* Tells the memory that a row will be staged soon. */ \
  void expect_row(const PointSource& source, size_t row); \
  /* ‖row‖² in double precision, eight partial sums: the same on every instruction set. */ \
  double squared_norm(const float* row, size_t padded); \
  /* The same of kNormsTogether rows, and tells the memory meanwhile that `next`, as many of the same length, will be read soon. */ \
  void squared_norms_before(const float* const* rows, size_t padded, const float* const* next, double* squares); \
  /* to = scale × row */ \
  void scale_row(const float* row, float scale, size_t dims, float* to); \
  /* panel[dim][16] = scales[i] × element `dim` of rows[i]; zeros where a row is null. */ \
  void pack_panel(const float* const* rows, const float* scales, size_t dims, float* panel); \
  /* Sixteen partial sums in single precision. */ \
  float dot(const float* left, const float* right, size_t padded); \
  void measure_own_distances(const OwnDistances& of, size_t count); \
  /* Greatest magnitude; infinite or NaN if any element is. */ \
  float greatest_magnitude(const float* row, size_t padded); \
  /* sums += factor × row, each product rounded to the coarse grid: (v + grid) − grid; rests += what that leaves, on the fine one. Sums of such numbers are */ \
  /* exact, whatever their order. */ \
  void add_to_sums(double* sums, double* rests, const float* row, double factor, const Grids& grids, size_t padded); \
  void add_all_to_sums(double* sums, double* rests, const float* const* rows, const double* factors, size_t count, const Grids& grids, size_t padded); \
  /* Distance of two rows, rounded up. */ \
  float distance_above(const float* left, const float* right, size_t padded); \
  /* nearest[i] = least of it and what bounds[panel][i] are worth, over all panels. drifts: per panel and epoch. */ \
  void nearest_bounds(const float* bounds, size_t panels, size_t points, const float* drifts, float* nearest); \
  /* bounds[i] = the greater of it and apart[slots[i]] − reach[i], as they are worth now, where reach[i] is not negative and less than what it is taken from. */ \
  void raise_bounds(float* bounds, const float* apart, const uint32_t* slots, size_t points, const float* reach, const float* drifts, uint32_t epoch); \
  /* Makes bounds of epochs 2 e − 1 and 2 e those of epoch e, worth less by steps[their epoch]. */ \
  void halve_epochs(float* bounds, size_t points, const float* steps); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::clustering
