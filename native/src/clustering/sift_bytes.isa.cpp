#include "merganser/clustering/sift_bytes.hpp"

#include "merganser/clustering/best_by_lane.hpp"
#include "merganser/clustering/tile_bounds.hpp"

#if defined(_MSC_VER)
#include <intrin.h>
#endif

namespace merganser::clustering::MERGANSER_ISA_NS {
namespace {

// Bytes of a step of four dimensions: two panels.
constexpr size_t kStep = 2 * kPanel * kByteGroup;

// Sixteen sums of products of four bytes each.
#if defined(__AVX512F__) && (defined(_MSC_VER) || (defined(__GNUC__) && !defined(__clang__)))

struct ByteSums {
  __m512i all;
  using Row = __m512i;
  using Codes = __m512i;
  static MERGANSER_INLINE ByteSums start(const int32_t* from) { return {_mm512_loadu_si512(from)}; }
  static MERGANSER_INLINE Codes codes(const int8_t* from) {
    Codes result = _mm512_loadu_si512(from);
    return result;
  }
  static MERGANSER_INLINE Row row(const uint8_t* from) {
    int32_t four;
    __builtin_memcpy(&four, from, sizeof(four));
    return _mm512_set1_epi32(four);
  }
  // VNNI is not part of what these files are compiled for, but multiplies_bytes() asks for it.
  MERGANSER_INLINE void add(const Row& row, const Codes& codes) {
#if defined(_MSC_VER)
    all = _mm512_dpbusd_epi32(all, row, codes);
#else
    asm("vpdpbusd %2, %1, %0" : "+v"(all) : "v"(row), "v"(codes));
#endif
  }
  // scale × lane_scales × sums + halves
  MERGANSER_INLINE Floats16 scores(float scale, const float* lane_scales, const float* halves) const {
    const __m512 scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(all), _mm512_loadu_ps(lane_scales));
    return {_mm512_fmadd_ps(scaled, _mm512_set1_ps(scale), _mm512_loadu_ps(halves))};
  }
};

#else

struct ByteSums {
  int32_t each[kPanel];
  using Row = const uint8_t*;
  using Codes = const int8_t*;
  static MERGANSER_INLINE ByteSums start(const int32_t* from) {
    ByteSums result;
    for (size_t lane = 0; lane < kPanel; ++lane) result.each[lane] = from[lane];
    return result;
  }
  static MERGANSER_INLINE Codes codes(const int8_t* from) { return from; }
  static MERGANSER_INLINE Row row(const uint8_t* from) { return from; }
  MERGANSER_INLINE void add(Row row, Codes codes) {
    for (size_t lane = 0; lane < kPanel; ++lane) {
      for (size_t i = 0; i < kByteGroup; ++i) each[lane] += row[i] * codes[lane * kByteGroup + i];
    }
  }
  MERGANSER_INLINE Floats16 scores(float scale, const float* lane_scales, const float* halves) const {
    float result[kPanel];
    for (size_t lane = 0; lane < kPanel; ++lane) result[lane] = static_cast<float>(each[lane]) * lane_scales[lane] * scale + halves[lane];
    return Floats16::load(result);
  }
};

#endif

// Scores of some rows and panels [panel, panel + kCount) without what rounding may change.
template <size_t kCount, typename PlaceOf>
MERGANSER_INLINE void compute(const ByteRows& rows, const BytePanels& panels, size_t panel, PlaceOf place_of, Tile<kCount>& tile) {
  const uint8_t* pointers[kTileHeight];
#pragma GCC unroll 12
  for (size_t row = 0; row < kTileHeight; ++row) pointers[row] = rows.codes + place_of(row) * rows.stride;
  const int8_t* numbers = panels.codes + panel / 2 * panels.groups * kStep + panel % 2 * (kStep / 2);
  ByteSums sums[kCount][kTileHeight];
#pragma GCC unroll 2
  for (size_t p = 0; p < kCount; ++p) {
    const ByteSums start = ByteSums::start(panels.starts + (panel + p) * kPanel);
#pragma GCC unroll 12
    for (size_t row = 0; row < kTileHeight; ++row) sums[p][row] = start;
  }
  const size_t end = panels.groups * kByteGroup;
  for (size_t dim = 0; dim < end; dim += kByteGroup, numbers += kStep) {
    ByteSums::Codes codes[kCount];
#pragma GCC unroll 2
    for (size_t p = 0; p < kCount; ++p) codes[p] = ByteSums::codes(numbers + p * (kStep / 2));
#pragma GCC unroll 12
    for (size_t row = 0; row < kTileHeight; ++row) {
      const ByteSums::Row four = ByteSums::row(pointers[row] + dim);
#pragma GCC unroll 2
      for (size_t p = 0; p < kCount; ++p) sums[p][row].add(four, codes[p]);
    }
  }
#pragma GCC unroll 12
  for (size_t row = 0; row < kTileHeight; ++row) {
    const float scale = rows.scales[place_of(row)];
#pragma GCC unroll 2
    for (size_t p = 0; p < kCount; ++p) {
      tile.scores[p][row] = sums[p][row].scores(scale, panels.scales + (panel + p) * kPanel, panels.halves + (panel + p) * kPanel);
    }
  }
}

template <size_t kCount>
MERGANSER_INLINE void sift_panels(const ByteRows& rows, const BytePanels& panels, size_t panel, size_t alone, uint32_t* list, size_t count,
                                  const BlockBounds& block, const float* reach, ReachLists& kept) {
  sift<kCount>(
      panel, alone, list, count, block, reach, kept,
      [&](const uint32_t* points, Tile<kCount>& tile) MERGANSER_INLINE_LAMBDA {
        compute(rows, panels, panel, [&](size_t row) MERGANSER_INLINE_LAMBDA { return points[row]; }, tile);
      },
      [&](const uint32_t* points, size_t p, float* norms) MERGANSER_INLINE_LAMBDA {
        alignas(64) float errors[16] = {}, lengths[16] = {};
        collect(block.norms, points, norms);
        collect(rows.errors, points, errors);
        collect(rows.lengths, points, lengths);
        const float length = 2 * (1 + 1e-6f) * panels.lengths[panel + p], error = 2 * (1 + 1e-6f) * panels.errors[panel + p];
        for (size_t row = 0; row < 16; ++row) norms[row] -= errors[row] * length + lengths[row] * error;
      });
}

template <size_t kCount>
MERGANSER_INLINE void take_best(const ByteRows& rows, const BytePanels& panels, size_t panel, size_t begin, size_t end, BestByLane& best) {
  for (size_t first = begin; first < end; first += kTileHeight) {
    Tile<kCount> tile;
    compute(rows, panels, panel, [&](size_t row) MERGANSER_INLINE_LAMBDA { return first + row < end ? first + row : end - 1; }, tile);
    best.take(tile, first - begin, panel);
  }
}

}  // namespace

bool multiplies_bytes() {
#if defined(MERGANSER_ISA_AVX512) && defined(_MSC_VER)
  int leaf[4];
  __cpuidex(leaf, 7, 0);
  return (leaf[2] >> 11 & 1) != 0;
#elif defined(MERGANSER_ISA_AVX512) && !defined(__clang__)
  return __builtin_cpu_supports("avx512vnni");
#elif defined(MERGANSER_ISA_SCALAR)
  // Fused multiply-adds that are not the processor's take far longer.
  return true;
#else
  return false;
#endif
}

ByteForm to_bytes(const float* row, size_t dims, float length, uint8_t flip, uint8_t* codes) {
  // Adding it leaves whole numbers in a float's last bits.
  constexpr float kWhole = 12582912;
  float greatest[16] = {};
  size_t dim = 0;
  for (; dim + 16 <= dims; dim += 16) {
    for (size_t lane = 0; lane < 16; ++lane) {
      const float magnitude = row[dim + lane] < 0 ? -row[dim + lane] : row[dim + lane];
      greatest[lane] = magnitude > greatest[lane] ? magnitude : greatest[lane];
    }
  }
  for (; dim < dims; ++dim) {
    const float magnitude = row[dim] < 0 ? -row[dim] : row[dim];
    greatest[0] = magnitude > greatest[0] ? magnitude : greatest[0];
  }
  float most = 0;
  for (size_t lane = 0; lane < 16; ++lane) most = greatest[lane] > most ? greatest[lane] : most;
  // Of numbers that small nothing is kept.
  const bool any = most > 1e-30f;
  const float scale = any ? most / 127 : 0, inverse = any ? 127 / most : 0;
  float squares[16] = {};
  const auto round_one = [&](size_t at, size_t lane) MERGANSER_INLINE_LAMBDA {
    const float whole = (row[at] * inverse + kWhole) - kWhole, off = row[at] - scale * whole;
    squares[lane] += off * off;
    codes[at] = static_cast<uint8_t>(static_cast<int32_t>(whole)) ^ flip;
  };
  dim = 0;
  for (; dim + 16 <= dims; dim += 16) {
    for (size_t lane = 0; lane < 16; ++lane) round_one(dim + lane, lane);
  }
  for (; dim < dims; ++dim) round_one(dim, 0);
  for (; dim % kByteGroup; ++dim) codes[dim] = flip;
  float square = 0;
  for (size_t lane = 0; lane < 16; ++lane) square += squares[lane];
  return {scale, ::sqrtf(square) * (1 + 1e-5f) + 3e-7f * length};
}

int32_t dot_of_bytes(const uint8_t* row, const int8_t* centroid, size_t count) {
  int32_t sum = 0;
  for (size_t i = 0; i < count; ++i) sum += row[i] * centroid[i];
  return sum;
}

void sift_by_bytes(const ByteRows& rows, const BytePanels& panels, size_t panel, size_t how_many, size_t alone, uint32_t* list, size_t count,
                   const BlockBounds& block, const float* reach, ReachLists& kept) {
  if constexpr (kTilePanels > 1) {
    if (how_many == 2) return sift_panels<2>(rows, panels, panel, alone, list, count, block, reach, kept);
  }
  sift_panels<1>(rows, panels, panel, alone, list, count, block, reach, kept);
}

void best_slots_by_bytes(const ByteRows& rows, const BytePanels& panels, uint32_t* slots) {
  BestByLane best;
  for (size_t begin = 0; begin < rows.count; begin += BestByLane::kRows) {
    const size_t end = rows.count - begin < BestByLane::kRows ? rows.count : begin + BestByLane::kRows;
    best.clear();
    size_t panel = 0;
    for (; panel + kTilePanels <= panels.count; panel += kTilePanels) take_best<kTilePanels>(rows, panels, panel, begin, end, best);
    if constexpr (kTilePanels > 1) {
      if (panel < panels.count) take_best<1>(rows, panels, panel, begin, end, best);
    }
    float score;
    for (size_t i = begin; i < end; ++i) slots[i] = best.best_of(i - begin, score);
  }
}

}  // namespace merganser::clustering::MERGANSER_ISA_NS
