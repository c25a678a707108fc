#include "merganser/clustering/score_points.hpp"

#include "merganser/simd/floats16.hpp"
#include "merganser/simd/tile_rows.hpp"

namespace merganser::clustering::MERGANSER_ISA_NS {
namespace {

using simd::MERGANSER_ISA_NS::Floats16;
using simd::MERGANSER_ISA_NS::TileRows;

#if defined(__AVX512F__)
constexpr size_t kCentroids = 8, kPanels = 3;
#else
constexpr size_t kCentroids = 4, kPanels = 1;
#endif
constexpr float kLowest = -3e38f;

// Points of kCount panels by all centroids.
template <size_t kCount>
MERGANSER_INLINE void find_best(const float* points, size_t dims, const Rows& centroids, const float* halves, uint32_t* slots) {
  Floats16 best[kCount], chosen[kCount];
#pragma GCC unroll 3
  for (size_t p = 0; p < kCount; ++p) best[p] = Floats16::broadcast(kLowest), chosen[p] = Floats16::broadcast(0);
  const size_t apart = dims * kPanel;
  for (size_t first = 0; first < centroids.count; first += kCentroids) {
    Floats16 scores[kCount][kCentroids];
#pragma GCC unroll 8
    for (size_t row = 0; row < kCentroids; ++row) {
      const Floats16 start = Floats16::broadcast(halves[first + row]);
#pragma GCC unroll 3
      for (size_t p = 0; p < kCount; ++p) scores[p][row] = start;
    }
    TileRows<static_cast<int>(kCentroids)> rows(centroids.data + first * centroids.stride, centroids.stride);
    const float* numbers = points;
    for (size_t dim = 0; dim < dims; ++dim) {
      Floats16 some[kCount];
#pragma GCC unroll 3
      for (size_t p = 0; p < kCount; ++p) {
        some[p] = Floats16::load(numbers + p * apart);
        some[p].keep_loaded();
      }
#pragma GCC unroll 8
      for (size_t row = 0; row < kCentroids; ++row) {
        const Floats16::Factor factor = Floats16::factor(rows.at(row));
#pragma GCC unroll 3
        for (size_t p = 0; p < kCount; ++p) scores[p][row].add_product(factor, some[p]);
      }
      numbers += kPanel;
      rows.next();
    }
#pragma GCC unroll 8
    for (size_t row = 0; row < kCentroids; ++row) {
      const Floats16 slot = Floats16::broadcast(static_cast<float>(first + row));
#pragma GCC unroll 3
      for (size_t p = 0; p < kCount; ++p) best[p].take_greater(scores[p][row], chosen[p], slot);
    }
  }
  alignas(64) float found[kCount * kPanel];
#pragma GCC unroll 3
  for (size_t p = 0; p < kCount; ++p) chosen[p].store(found + p * kPanel);
  for (size_t i = 0; i < kCount * kPanel; ++i) slots[i] = static_cast<uint32_t>(static_cast<int32_t>(found[i]));
}

}  // namespace

void best_slots_of_lanes(const PointsInLanes& points, const Rows& centroids, const float* halves, uint32_t* slots) {
  const size_t apart = points.dims * kPanel;
  size_t panel = 0;
  for (; panel + kPanels <= points.panels; panel += kPanels) find_best<kPanels>(points.data + panel * apart, points.dims, centroids, halves, slots + panel * kPanel);
  if constexpr (kPanels > 1) {
    for (; panel < points.panels; ++panel) find_best<1>(points.data + panel * apart, points.dims, centroids, halves, slots + panel * kPanel);
  }
}

}  // namespace merganser::clustering::MERGANSER_ISA_NS
