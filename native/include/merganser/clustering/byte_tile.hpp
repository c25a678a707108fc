// A tile of scores by products of bytes: some rows by one or two panels, sums in registers from the first dimension to the last. For kernels only (*.isa.cpp).
#pragma once
#include "merganser/clustering/byte_panels.hpp"
#include "merganser/clustering/score_tile.hpp"
#include "merganser/simd/matrix_tiles.hpp"

namespace merganser::clustering::MERGANSER_ISA_NS {

// Bytes of a step of four dimensions: two panels.
constexpr size_t kStep = 2 * kPanel * kByteGroup, kStepsAhead = 8;

#if defined(__AVX2__) && !defined(__AVX512F__)
// Products are added up in 16 bits first, over so many groups of four dimensions: eight products to a lane. Rows are of −63 … 63 plus 64, so that magnitudes of a panel's codes that share a lane may add up to
// 2¹⁵ / 127 (see to_bytes): how coarse codes are is decided by sums of eight of them and not by the greatest one, and they are about as fine as those of −63 … 63.
#define MERGANSER_ADDS_BYTES_IN_WORDS
constexpr size_t kGroupsOfLane = 4;
constexpr float kGreatestRowCode = 63, kMostOfLane = 258;
constexpr uint8_t kRowOffset = 64;
#else
constexpr float kGreatestRowCode = 127;
constexpr uint8_t kRowOffset = 128;
#endif

// Sixteen sums of products of four bytes each.
#if defined(__AVX512F__) && (defined(_MSC_VER) || (defined(__GNUC__) && !defined(__clang__)))

#define MERGANSER_BYTE_SUMS_IN_LANES
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
  MERGANSER_INLINE ByteSums plus(const int32_t* more) const { return {_mm512_add_epi32(all, _mm512_loadu_si512(more))}; }
  // scale × lane_scales × sums + halves
  MERGANSER_INLINE Floats16 scores(float scale, const float* lane_scales, const float* halves) const {
    const __m512 scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(all), _mm512_loadu_ps(lane_scales));
    return {_mm512_fmadd_ps(scaled, _mm512_set1_ps(scale), _mm512_loadu_ps(halves))};
  }
};

#elif defined(__AVX2__) && !defined(__AVX512F__)

struct ByteSums {
  __m256i low, high;
  using Row = __m256i;
  struct Codes {
    __m256i low, high;
  };
  static MERGANSER_INLINE __m256i load(const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); }
  static MERGANSER_INLINE ByteSums start(const int32_t* from) { return {load(from), load(from + kPanel / 2)}; }
  static MERGANSER_INLINE Codes codes(const int8_t* from) {
    Codes result{load(from), load(from + kPanel * kByteGroup / 2)};
    MERGANSER_KEEP_LOADED(result.low);
    MERGANSER_KEEP_LOADED(result.high);
    return result;
  }
  static MERGANSER_INLINE Row row(const uint8_t* from) {
    int32_t four;
    __builtin_memcpy(&four, from, sizeof(four));
    return _mm256_set1_epi32(four);
  }
  // Up to kGroupsOfLane groups of products.
  struct Words {
    __m256i low, high;
    static MERGANSER_INLINE Words of(const Row& row, const Codes& codes) { return {_mm256_maddubs_epi16(row, codes.low), _mm256_maddubs_epi16(row, codes.high)}; }
    MERGANSER_INLINE void add(const Row& row, const Codes& codes) {
      add(low, row, codes.low);
      add(high, row, codes.high);
    }
    static MERGANSER_INLINE void add(__m256i& words, const __m256i& row, const __m256i& codes) {
#if defined(__GNUC__)
      // Left to itself, GCC multiplies everything first, and has no registers for what comes of it.
      __m256i products;
      asm("vpmaddubsw %3, %2, %1\n\tvpaddw %1, %0, %0" : "+x"(words), "=&x"(products) : "x"(row), "x"(codes));
#else
      words = _mm256_add_epi16(words, _mm256_maddubs_epi16(row, codes));
#endif
    }
  };
  alignas(32) static constexpr int16_t kOnes[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  MERGANSER_INLINE void add(const Words& words) {
    low = _mm256_add_epi32(low, _mm256_madd_epi16(words.low, load(kOnes)));
    high = _mm256_add_epi32(high, _mm256_madd_epi16(words.high, load(kOnes)));
  }
  // The same of sums that stand in memory, as words take the registers.
  MERGANSER_INLINE void add_in_memory(Words words) {
    add_in_memory(low, words.low);
    add_in_memory(high, words.high);
  }
  static MERGANSER_INLINE void add_in_memory(__m256i& sums, __m256i& words) {
#if defined(__GNUC__)
    asm("vpmaddwd %2, %1, %1\n\tvpaddd %0, %1, %1\n\tvmovdqu %1, %0" : "+m"(sums), "+x"(words) : "m"(kOnes));
#else
    sums = _mm256_add_epi32(sums, _mm256_madd_epi16(words, load(kOnes)));
#endif
  }
  MERGANSER_INLINE ByteSums plus(const int32_t* more) const { return {_mm256_add_epi32(low, load(more)), _mm256_add_epi32(high, load(more + kPanel / 2))}; }
  MERGANSER_INLINE Floats16 scores(float scale, const float* lane_scales, const float* halves) const {
    const __m256 factor = _mm256_set1_ps(scale);
    const auto of = [&](const __m256i& sums, size_t lane) MERGANSER_INLINE_LAMBDA {
      return _mm256_fmadd_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(sums), _mm256_loadu_ps(lane_scales + lane)), factor, _mm256_loadu_ps(halves + lane));
    };
    return {of(low, 0), of(high, kPanel / 2)};
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
  MERGANSER_INLINE ByteSums plus(const int32_t* more) const {
    ByteSums result;
    for (size_t lane = 0; lane < kPanel; ++lane) result.each[lane] = each[lane] + more[lane];
    return result;
  }
  MERGANSER_INLINE Floats16 scores(float scale, const float* lane_scales, const float* halves) const {
    float result[kPanel];
    for (size_t lane = 0; lane < kPanel; ++lane) result[lane] = static_cast<float>(each[lane]) * lane_scales[lane] * scale + halves[lane];
    return Floats16::load(result);
  }
};

#endif

// Rows of bytes that stand anywhere.
class ByteRowList {
 public:
  template <typename PlaceOf>
  MERGANSER_INLINE ByteRowList(const ByteRows& rows, PlaceOf place_of) {
#pragma GCC unroll 12
    for (size_t row = 0; row < kTileHeight; ++row) {
      rows_[row] = rows.codes + place_of(row) * rows.stride;
      scales_[row] = rows.scales[place_of(row)];
    }
  }
  MERGANSER_INLINE ByteSums::Row at(size_t row) const { return ByteSums::row(rows_[row] + dim_); }
  MERGANSER_INLINE void next() { dim_ += kByteGroup; }
  MERGANSER_INLINE float scale(size_t row) const { return scales_[row]; }

 private:
  size_t dim_ = 0;
  const uint8_t* rows_[kTileHeight];
  float scales_[kTileHeight];
};

// Rows that stand one after the other: fewer pointers, which all fit into registers (see TileRows).
class ByteTileRows {
 public:
  MERGANSER_INLINE ByteTileRows(const ByteRows& rows, size_t first) : stride_(rows.stride), scales_(rows.scales + first) {
#pragma GCC unroll 3
    for (size_t group = 0; group < kGroups; ++group) groups_[group] = rows.codes + (first + 4 * group) * stride_;
  }
  MERGANSER_INLINE ByteSums::Row at(size_t row) const { return ByteSums::row(groups_[row / 4] + row % 4 * stride_); }
  MERGANSER_INLINE void next() {
#pragma GCC unroll 3
    for (size_t group = 0; group < kGroups; ++group) groups_[group] += kByteGroup;
  }
  MERGANSER_INLINE float scale(size_t row) const { return scales_[row]; }

 private:
  static constexpr size_t kGroups = (kTileHeight + 3) / 4;
  size_t stride_;
  const float* scales_;
  const uint8_t* groups_[kGroups];
};

template <size_t kCount>
using TileOfSums = ByteSums[kCount][kTileHeight];

template <size_t kCount>
MERGANSER_INLINE void start_sums(const BytePanels& panels, size_t panel, TileOfSums<kCount>& sums) {
#pragma GCC unroll 2
  for (size_t p = 0; p < kCount; ++p) {
    const ByteSums start = ByteSums::start(panels.starts + (panel + p) * kPanel);
#pragma GCC unroll 12
    for (size_t row = 0; row < kTileHeight; ++row) sums[p][row] = start;
  }
}

#if defined(MERGANSER_ADDS_BYTES_IN_WORDS)
// The products of kGroups groups of a tile.
template <size_t kGroups, typename RowsOf>
MERGANSER_INLINE void add_in_words(RowsOf& rows, const int8_t*& numbers, ByteSums (&sums)[kTileHeight]) {
  ByteSums::Words words[kTileHeight];
#pragma GCC unroll 4
  for (size_t group = 0; group < kGroups; ++group, numbers += kStep, rows.next()) {
    __m256i low = ByteSums::load(numbers), high = ByteSums::load(numbers + kStep / 4);
    MERGANSER_KEEP_LOADED(low);
    MERGANSER_KEEP_LOADED(high);
    const ByteSums::Codes codes{low, high};
    simd::MERGANSER_ISA_NS::expect_line(reinterpret_cast<const float*>(numbers + kStepsAhead * kStep));
#pragma GCC unroll 6
    for (size_t row = 0; row < kTileHeight; ++row) {
      if (group == 0) words[row] = ByteSums::Words::of(rows.at(row), codes);
      else words[row].add(rows.at(row), codes);
    }
  }
#pragma GCC unroll 6
  for (size_t row = 0; row < kTileHeight; ++row) sums[row].add_in_memory(words[row]);
}
#endif

// The products of dimensions [begin, end), by groups of four; rows stand at the first one, which is a multiple of sixteen.
template <size_t kCount, typename RowsOf>
MERGANSER_INLINE void add_bytes(RowsOf& rows, const BytePanels& panels, size_t panel, size_t begin, size_t end, TileOfSums<kCount>& sums) {
  const int8_t* numbers = panels.codes + panel / 2 * panels.groups * kStep + panel % 2 * (kStep / 2) + begin * kStep;
#if defined(MERGANSER_ADDS_BYTES_IN_WORDS)
  static_assert(kCount == 1);
  size_t group = begin;
  for (; group + kGroupsOfLane <= end; group += kGroupsOfLane) add_in_words<kGroupsOfLane>(rows, numbers, sums[0]);
  for (; group < end; ++group) add_in_words<1>(rows, numbers, sums[0]);
#else
#pragma GCC unroll 4
  for (size_t group = begin; group < end; ++group, numbers += kStep, rows.next()) {
    ByteSums::Codes codes[kCount];
#pragma GCC unroll 2
    for (size_t p = 0; p < kCount; ++p) {
      codes[p] = ByteSums::codes(numbers + p * (kStep / 2));
      simd::MERGANSER_ISA_NS::expect_line(reinterpret_cast<const float*>(numbers + p * (kStep / 2) + kStepsAhead * kStep));
    }
#pragma GCC unroll 12
    for (size_t row = 0; row < kTileHeight; ++row) {
      const ByteSums::Row four = rows.at(row);
#pragma GCC unroll 2
      for (size_t p = 0; p < kCount; ++p) sums[p][row].add(four, codes[p]);
    }
  }
#endif
}

template <size_t kCount, typename RowsOf>
MERGANSER_INLINE void scores_of_sums(const RowsOf& rows, const BytePanels& panels, size_t panel, const TileOfSums<kCount>& sums, Tile<kCount>& tile) {
#pragma GCC unroll 12
  for (size_t row = 0; row < kTileHeight; ++row) {
#pragma GCC unroll 2
    for (size_t p = 0; p < kCount; ++p) {
      tile.scores[p][row] = sums[p][row].scores(rows.scale(row), panels.scales + (panel + p) * kPanel, panels.halves + (panel + p) * kPanel);
    }
  }
}

// Scores of some rows and panels [panel, panel + kCount) without what rounding may change.
template <size_t kCount, typename RowsOf>
MERGANSER_INLINE void score_bytes(RowsOf rows, const BytePanels& panels, size_t panel, Tile<kCount>& tile) {
  TileOfSums<kCount> sums;
  start_sums<kCount>(panels, panel, sums);
  add_bytes<kCount>(rows, panels, panel, 0, panels.groups, sums);
  scores_of_sums(rows, panels, panel, sums, tile);
}

// Bit i: a's number i is not less than `least`.
MERGANSER_INLINE unsigned not_less(const Floats16& a, float least) {
#if defined(__AVX512F__)
  return _mm512_cmp_ps_mask(a.all, _mm512_set1_ps(least), _CMP_NLT_UQ);
#elif defined(__AVX2__)
  const __m256 all = _mm256_set1_ps(least);
  const auto bits = [](__m256 one, __m256 other) MERGANSER_INLINE_LAMBDA { return static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(one, other, _CMP_NLT_UQ))); };
  return bits(a.low, all) | bits(a.high, all) << 8;
#else
  alignas(64) float each[kPanel];
  a.store(each);
  unsigned bits = 0;
  for (size_t i = 0; i < kPanel; ++i) bits |= static_cast<unsigned>(!(each[i] < least)) << i;
  return bits;
#endif
}

#if defined(MERGANSER_KNOWS_MATRIX_TILES)
// The products of 32 rows and of two panels, the first one of a pair: sums[row][32], to which the panels' starts are to be added. kSigned: rows are without the 128, and nothing is to be added.
template <bool kSigned = false>
MERGANSER_INLINE void block_of_sums(simd::MERGANSER_ISA_NS::MatrixTiles& tiles, const uint8_t* rows, size_t stride, const BytePanels& panels, size_t panel, int32_t* sums) {
  tiles.clear();
  tiles.add<kSigned>(rows, stride, panels.codes + panel / 2 * panels.groups * kStep, panels.groups * kByteGroup / simd::MERGANSER_ISA_NS::kBlockDims);
  tiles.store(sums);
}

// What makes scores of a panel's sums.
struct PanelScale {
  __m512i starts;
  __m512 scales, halves;
  MERGANSER_INLINE PanelScale(const BytePanels& panels, size_t panel)
      : starts(_mm512_loadu_si512(panels.starts + panel * kPanel)), scales(_mm512_loadu_ps(panels.scales + panel * kPanel)), halves(_mm512_loadu_ps(panels.halves + panel * kPanel)) {}
  // As ByteSums::scores.
  MERGANSER_INLINE Floats16 scores(float scale, const int32_t* sums) const {
    const __m512 scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_add_epi32(_mm512_loadu_si512(sums), starts)), scales);
    return {_mm512_fmadd_ps(scaled, _mm512_set1_ps(scale), halves)};
  }
  MERGANSER_INLINE Floats16 scores_of_signed(float scale, const int32_t* sums) const {
    return {_mm512_fmadd_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_loadu_si512(sums)), scales), _mm512_set1_ps(scale), halves)};
  }
};
#endif

}  // namespace merganser::clustering::MERGANSER_ISA_NS
