#include "merganser/clustering/sift_bytes.hpp"

#include <bit>

#include "merganser/clustering/best_by_lane.hpp"
#include "merganser/clustering/byte_tile.hpp"
#include "merganser/clustering/tile_bounds.hpp"
#include "merganser/simd/transpose16.hpp"

#if defined(_MSC_VER)
#include <intrin.h>
#endif

namespace merganser::clustering::MERGANSER_ISA_NS {
namespace {

#if defined(MERGANSER_KNOWS_MATRIX_TILES)
using simd::MERGANSER_ISA_NS::kBlock;
using simd::MERGANSER_ISA_NS::MatrixTiles;

// Whether the points of a block stand one behind the other. Lists may be several joined ones.
MERGANSER_INLINE bool follow_each_other(const uint32_t* points) {
  const __m512i places = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), first = _mm512_add_epi32(_mm512_set1_epi32(static_cast<int>(points[0])), places);
  const __m512i second = _mm512_add_epi32(first, _mm512_set1_epi32(kBlock / 2));
  return (_mm512_cmpneq_epi32_mask(_mm512_loadu_si512(points), first) | _mm512_cmpneq_epi32_mask(_mm512_loadu_si512(points + kBlock / 2), second)) == 0;
}

// Sums of the rows of a round and of two panels, the first one of a pair.
struct RoundSums {
  static_assert(kRound % kBlock == 0);
  alignas(64) int32_t sums[kRound * kBlock];
  // Blocks of listed rows, one behind the other.
  alignas(64) uint8_t rows_of_block[kBlock * kMostMatrixDims];

  MERGANSER_INLINE void compute(MatrixTiles& tiles, const ByteRows& rows, const uint32_t* points, size_t count, const BytePanels& panels, size_t panel) {
    for (size_t first = 0; first < count; first += kBlock) {
      const size_t some = count - first < kBlock ? count - first : kBlock;
      const uint8_t* codes = rows.codes + points[first] * rows.stride;
      if (some < kBlock || !follow_each_other(points + first)) {
        for (size_t i = 0; i < some; ++i) {
          const uint8_t* const from = rows.codes + points[first + i] * rows.stride;
          for (size_t at = 0; at < rows.stride; at += 64) _mm512_store_si512(rows_of_block + i * rows.stride + at, _mm512_loadu_si512(from + at));
        }
        codes = rows_of_block;
      }
      block_of_sums(tiles, codes, rows.stride, panels, panel, sums + first * kBlock);
    }
  }
  // The tile of rows [first, first + kTileHeight) of the round.
  template <size_t kCount, typename ScaleOf>
  MERGANSER_INLINE void tile_of(size_t first, const PanelScale* scales, size_t panel, ScaleOf scale_of, Tile<kCount>& tile) const {
#pragma GCC unroll 12
    for (size_t row = 0; row < kTileHeight; ++row) {
#pragma GCC unroll 2
      for (size_t p = 0; p < kCount; ++p) tile.scores[p][row] = scales[p].scores(scale_of(row), sums + (first + row) * kBlock + (panel + p) % 2 * kPanel);
    }
  }
};
#endif

template <size_t kCount, typename Compute>
MERGANSER_INLINE void sift_panels(const ByteRows& rows, const BytePanels& panels, size_t panel, size_t alone, uint32_t* list, size_t count,
                                  const BlockBounds& block, const float* reach, ReachLists& kept, Compute compute) {
  sift<kCount>(
      panel, alone, list, count, block, reach, kept, compute,
      [&](const uint32_t* points, float(*norms)[kAtOnce]) MERGANSER_INLINE_LAMBDA {
        alignas(64) float squares[kAtOnce], errors[kAtOnce], lengths[kAtOnce];
        collect(block.norms, points, squares);
        collect(rows.errors, points, errors);
        collect(rows.lengths, points, lengths);
#pragma GCC unroll 2
        for (size_t p = 0; p < kCount; ++p) {
          const float length = 2 * (1 + 1e-6f) * panels.lengths[panel + p], error = 2 * (1 + 1e-6f) * panels.errors[panel + p];
          for (size_t i = 0; i < kAtOnce; ++i) norms[p][i] = squares[i] - (errors[i] * length + lengths[i] * error);
        }
      });
}

template <size_t kCount>
MERGANSER_INLINE void sift_with(const ByteRows& rows, const BytePanels& panels, size_t panel, size_t alone, uint32_t* list, size_t count, const BlockBounds& block, const float* reach, ReachLists& kept,
                                [[maybe_unused]] bool matrix_tiles) {
#if defined(MERGANSER_KNOWS_MATRIX_TILES)
  if (matrix_tiles) {
    MatrixTiles tiles;
    RoundSums sums;
    const PanelScale scales[2] = {PanelScale(panels, panel), PanelScale(panels, panel + kCount - 1)};
    sift_panels<kCount>(rows, panels, panel, alone, list, count, block, reach, kept, [&](const uint32_t* points, Tile<kCount>& tile) MERGANSER_INLINE_LAMBDA {
      const size_t at = static_cast<size_t>(points - list);
      if (at % kRound == 0) sums.compute(tiles, rows, points, round_size(count, at), panels, panel);
      sums.tile_of<kCount>(at % kRound, scales, panel, [&](size_t row) MERGANSER_INLINE_LAMBDA { return rows.scales[points[row]]; }, tile);
    });
    tiles.release();
    return;
  }
#endif
  sift_panels<kCount>(rows, panels, panel, alone, list, count, block, reach, kept, [&](const uint32_t* points, Tile<kCount>& tile) MERGANSER_INLINE_LAMBDA {
    score_bytes(ByteRowList(rows, [&](size_t row) MERGANSER_INLINE_LAMBDA { return points[row]; }), panels, panel, tile);
  });
}

template <size_t kCount>
MERGANSER_INLINE void take_best(const ByteRows& rows, const BytePanels& panels, size_t panel, size_t begin, size_t end, BestByLane& best) {
  for (size_t first = begin; first < end; first += kTileHeight) {
    Tile<kCount> tile;
    score_bytes(ByteRowList(rows, [&](size_t row) MERGANSER_INLINE_LAMBDA { return first + row < end ? first + row : end - 1; }), panels, panel, tile);
    best.take(tile, first - begin, panel);
  }
}

#if defined(MERGANSER_KNOWS_MATRIX_TILES)
template <size_t kCount>
MERGANSER_INLINE void take_best_by_tiles(MatrixTiles& tiles, const ByteRows& rows, const BytePanels& panels, size_t panel, size_t begin, size_t end, BestByLane& best) {
  RoundSums sums;
  const PanelScale scales[2] = {PanelScale(panels, panel), PanelScale(panels, panel + kCount - 1)};
  for (size_t round = begin; round < end; round += kRound) {
    const size_t size = round_size(end, round);
    for (size_t first = 0; first < size; first += kBlock) block_of_sums(tiles, rows.codes + (round + first) * rows.stride, rows.stride, panels, panel, sums.sums + first * kBlock);
    for (size_t first = 0; first < size; first += kTileHeight) {
      Tile<kCount> tile;
      // A tile's last row again where there are no more: what it has room for besides is looked at by nobody.
      sums.tile_of<kCount>(first, scales, panel, [&](size_t row) MERGANSER_INLINE_LAMBDA { return rows.scales[first + row < size ? round + first + row : end - 1]; }, tile);
      best.take(tile, round + first - begin, panel);
    }
  }
}
#endif

// The greatest magnitude. Magnitudes compare as their bits do.
MERGANSER_INLINE float greatest_of(const float* row, size_t dims) {
  uint32_t all = 0;
  size_t dim = 0;
#if defined(__AVX512F__)
  const __m512i magnitude = _mm512_set1_epi32(0x7FFFFFFF);
  __m512i greatest[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
  for (; dim + 32 <= dims; dim += 32) {
    greatest[0] = _mm512_max_epu32(greatest[0], _mm512_and_si512(_mm512_loadu_si512(row + dim), magnitude));
    greatest[1] = _mm512_max_epu32(greatest[1], _mm512_and_si512(_mm512_loadu_si512(row + dim + 16), magnitude));
  }
  all = _mm512_reduce_max_epu32(_mm512_max_epu32(greatest[0], greatest[1]));
#else
  // A loop that compilers make vectors of.
  uint32_t greatest[16] = {};
  const auto magnitude_of = [&](size_t at) MERGANSER_INLINE_LAMBDA { return std::bit_cast<uint32_t>(row[at]) & 0x7FFFFFFFu; };
  for (; dim + 16 <= dims; dim += 16) {
    for (size_t lane = 0; lane < 16; ++lane) greatest[lane] = magnitude_of(dim + lane) > greatest[lane] ? magnitude_of(dim + lane) : greatest[lane];
  }
  for (const uint32_t one : greatest) all = one > all ? one : all;
#endif
  for (; dim < dims; ++dim) {
    const uint32_t one = std::bit_cast<uint32_t>(row[dim]) & 0x7FFFFFFFu;
    all = one > all ? one : all;
  }
  return std::bit_cast<float>(all);
}

#if defined(MERGANSER_ADDS_BYTES_IN_WORDS)
// The greatest sum of magnitudes that share a lane.
MERGANSER_INLINE float most_of_lane(const float* row, size_t dims) {
  constexpr size_t kOfLanes = kGroupsOfLane * kByteGroup;
  const __m256 magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(0x7FFFFFFF));
  const auto magnitudes = [&](const float* from) MERGANSER_INLINE_LAMBDA { return _mm256_and_ps(_mm256_loadu_ps(from), magnitude); };
  __m256 greatest = _mm256_setzero_ps();
  const auto raise = [&](const float* from) MERGANSER_INLINE_LAMBDA {
    const __m256 groups = _mm256_add_ps(magnitudes(from), magnitudes(from + 8));
    const __m256 both = _mm256_add_ps(groups, _mm256_permute2f128_ps(groups, groups, 1));
    greatest = _mm256_max_ps(greatest, _mm256_add_ps(both, _mm256_permute_ps(both, 0xB1)));
  };
  size_t dim = 0;
  for (; dim + kOfLanes <= dims; dim += kOfLanes) raise(row + dim);
  if (dim < dims) {
    float last[kOfLanes] = {};
    for (size_t i = 0; dim + i < dims; ++i) last[i] = row[dim + i];
    raise(last);
  }
  float each[8], most = 0;
  _mm256_storeu_ps(each, greatest);
  for (const float one : each) most = one > most ? one : most;
  return most;
}
#endif

// What a number is multiplied by.
MERGANSER_INLINE float units_of([[maybe_unused]] const float* row, [[maybe_unused]] size_t dims, float most, ByteCodes kind) {
  const float units = (kind == ByteCodes::centroid ? 127 : kGreatestRowCode) / most;
  if (kind == ByteCodes::row) return units;
#if defined(MERGANSER_ADDS_BYTES_IN_WORDS)
  // Rounding may add a half to each of eight numbers.
  const float of_lane = (kMostOfLane - 4.5f) / most_of_lane(row, dims);
  return of_lane < units ? of_lane : units;
#else
  return units;
#endif
}

MERGANSER_INLINE ByteForm round_row(const float* row, size_t dims, float most, float length, ByteCodes kind, uint8_t* codes) {
  // Adding it leaves whole numbers in a float's last bits.
  constexpr float kWhole = 12582912;
  // Of numbers that small, or great, nothing is kept.
  const bool any = most > 1e-30f && most < 1e36f;
  const uint8_t added = kind == ByteCodes::row ? kRowOffset : 0;
  const float inverse = any ? units_of(row, dims, most, kind) : 0, scale = any ? 1 / inverse : 0;
  float squares[16] = {};
  // In units of the scale: squares of small numbers would be 0.
  const auto round_one = [&](size_t at, size_t lane) MERGANSER_INLINE_LAMBDA {
    const float units = row[at] * inverse, moved = units + kWhole, off = units - (moved - kWhole);
    squares[lane] += off * off;
    codes[at] = static_cast<uint8_t>(static_cast<uint8_t>(std::bit_cast<uint32_t>(moved)) + added);
  };
  size_t dim = 0;
#if defined(__AVX512F__)
  // The same; compilers take bytes apart in long ways.
  const __m512 inverses = _mm512_set1_ps(inverse), wholes = _mm512_set1_ps(kWhole);
  const __m128i offsets = _mm_set1_epi8(static_cast<char>(added));
  __m512 sums[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
  const auto round_sixteen = [&](size_t at, __m512& sum) MERGANSER_INLINE_LAMBDA {
    const __m512 units = _mm512_mul_ps(_mm512_loadu_ps(row + at), inverses), moved = _mm512_add_ps(units, wholes);
    const __m512 off = _mm512_sub_ps(units, _mm512_sub_ps(moved, wholes));
    sum = _mm512_fmadd_ps(off, off, sum);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(codes + at), _mm_add_epi8(_mm512_cvtepi32_epi8(_mm512_castps_si512(moved)), offsets));
  };
  for (; dim + 32 <= dims; dim += 32) round_sixteen(dim, sums[0]), round_sixteen(dim + 16, sums[1]);
  if (dim + 16 <= dims) round_sixteen(dim, sums[0]), dim += 16;
  squares[0] = _mm512_reduce_add_ps(_mm512_add_ps(sums[0], sums[1]));
#elif defined(__AVX2__)
  const __m256 inverses = _mm256_set1_ps(inverse), wholes = _mm256_set1_ps(kWhole);
  __m256 sums[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  const auto words_of = [&](size_t at, __m256& sum) MERGANSER_INLINE_LAMBDA {
    const __m256 units = _mm256_mul_ps(_mm256_loadu_ps(row + at), inverses), moved = _mm256_add_ps(units, wholes);
    const __m256 off = _mm256_sub_ps(units, _mm256_sub_ps(moved, wholes));
    sum = _mm256_fmadd_ps(off, off, sum);
    const __m256i whole = _mm256_sub_epi32(_mm256_castps_si256(moved), _mm256_castps_si256(wholes));
    return _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
  };
  const __m128i offsets = _mm_set1_epi8(static_cast<char>(added));
  for (; dim + 16 <= dims; dim += 16) {
    const __m128i first = words_of(dim, sums[0]), second = words_of(dim + 8, sums[1]);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(codes + dim), _mm_add_epi8(_mm_packs_epi16(first, second), offsets));
  }
  _mm256_storeu_ps(squares, sums[0]);
  _mm256_storeu_ps(squares + 8, sums[1]);
#else
  for (; dim + 16 <= dims; dim += 16) {
    for (size_t lane = 0; lane < 16; ++lane) round_one(dim + lane, lane);
  }
#endif
  for (; dim < dims; ++dim) round_one(dim, 0);
  for (; dim % kByteGroup; ++dim) codes[dim] = added;
  float square = 0;
  for (size_t lane = 0; lane < 16; ++lane) square += squares[lane];
  return {scale, any ? scale * ::sqrtf(square) * (1 + 1e-5f) + 3e-7f * length : length};
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

bool screens_by_bytes() {
#if defined(MERGANSER_ISA_AVX2)
  return true;
#else
  return multiplies_bytes();
#endif
}

bool bytes_before_scores(size_t dims, size_t slots) {
#if defined(MERGANSER_ISA_AVX2)
  return dims >= 64 && slots >= 512;
#else
  return multiplies_bytes() && dims >= 32 && slots >= 256;
#endif
}

uint8_t row_offset() { return kRowOffset; }

ByteForm to_bytes(const float* row, size_t dims, float length, ByteCodes kind, uint8_t* codes) { return round_row(row, dims, greatest_of(row, dims), length, kind, codes); }

ByteForm to_bytes_below(const float* row, size_t dims, float most, float length, ByteCodes kind, uint8_t* codes) {
  const float own = greatest_of(row, dims);
  return round_row(row, dims, own > most ? own : most, length, kind, codes);
}

void pack_byte_panel(const int8_t* rows, size_t groups, size_t panel, int8_t* panels, int32_t* starts) {
  int8_t* const packed = panels + panel / 2 * groups * kStep + panel % 2 * (kStep / 2);
  const size_t stride = groups * kByteGroup;
  size_t group = 0;
#if defined(__AVX512F__)
  for (; group + kPanel <= groups; group += kPanel) {
    Floats16 lines[kPanel];
    alignas(64) float turned[kPanel * kPanel];
#pragma GCC unroll 16
    for (size_t lane = 0; lane < kPanel; ++lane) lines[lane] = Floats16::load(reinterpret_cast<const float*>(rows + lane * stride + group * kByteGroup));
    simd::MERGANSER_ISA_NS::store_turned(lines, kPanel, turned);
#pragma GCC unroll 16
    for (size_t i = 0; i < kPanel; ++i) Floats16::load(turned + i * kPanel).store(reinterpret_cast<float*>(packed + (group + i) * kStep));
  }
#endif
  for (; group < groups; ++group) {
    for (size_t lane = 0; lane < kPanel; ++lane) {
      for (size_t i = 0; i < kByteGroup; ++i) packed[group * kStep + lane * kByteGroup + i] = rows[lane * stride + group * kByteGroup + i];
    }
  }
  for (size_t lane = 0; lane < kPanel; ++lane) {
    int32_t sum = 0;
    for (size_t i = 0; i < stride; ++i) sum += rows[lane * stride + i];
    starts[panel * kPanel + lane] = -kRowOffset * sum;
  }
}

int32_t dot_of_bytes(const uint8_t* row, const int8_t* centroid, size_t count) {
  int32_t sum = 0;
  for (size_t i = 0; i < count; ++i) sum += row[i] * centroid[i];
  return sum;
}

void sift_by_bytes(const ByteRows& rows, const BytePanels& panels, size_t panel, size_t how_many, size_t alone, uint32_t* list, size_t count,
                   const BlockBounds& block, const float* reach, ReachLists& kept, bool matrix_tiles) {
  if constexpr (kTilePanels > 1) {
    if (how_many == 2) return sift_with<2>(rows, panels, panel, alone, list, count, block, reach, kept, matrix_tiles);
  }
  sift_with<1>(rows, panels, panel, alone, list, count, block, reach, kept, matrix_tiles);
}

void best_slots_by_bytes(const ByteRows& rows, const BytePanels& panels, uint32_t* slots, [[maybe_unused]] bool matrix_tiles) {
  BestByLane best;
  for (size_t begin = 0; begin < rows.count; begin += BestByLane::kRows) {
    const size_t end = rows.count - begin < BestByLane::kRows ? rows.count : begin + BestByLane::kRows;
    best.clear();
#if defined(MERGANSER_KNOWS_MATRIX_TILES)
    if (matrix_tiles) {
      MatrixTiles tiles;
      for (size_t panel = 0; panel < panels.count; panel += kTilePanels) {
        if (panel + kTilePanels <= panels.count) take_best_by_tiles<kTilePanels>(tiles, rows, panels, panel, begin, end, best);
        else take_best_by_tiles<1>(tiles, rows, panels, panel, begin, end, best);
      }
      tiles.release();
    } else
#endif
    {
      size_t panel = 0;
      for (; panel + kTilePanels <= panels.count; panel += kTilePanels) take_best<kTilePanels>(rows, panels, panel, begin, end, best);
      if constexpr (kTilePanels > 1) {
        if (panel < panels.count) take_best<1>(rows, panels, panel, begin, end, best);
      }
    }
    float score;
    for (size_t i = begin; i < end; ++i) slots[i] = best.best_of(i - begin, score);
  }
}

}  // namespace merganser::clustering::MERGANSER_ISA_NS
