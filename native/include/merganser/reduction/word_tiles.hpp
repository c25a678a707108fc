// Products of tokens in whole numbers of 16 bits: within about 2⁻¹⁴ of the product of the lengths, and twice as fast as in single precision where pairs are multiplied and added at once (VNNI). For
// kernels only (*.isa.cpp).
//
// A token is about scale × whole numbers whose length is below √2³¹, so that sums of products are below 2³¹, however they are added up.
#pragma once
#include <bit>
#include <cmath>

#include "merganser/reduction/fine_products.hpp"
#include "merganser/simd/floats16_exp2.hpp"
#include "merganser/simd/word_sums.hpp"

namespace merganser::reduction::MERGANSER_ISA_NS {

using simd::MERGANSER_ISA_NS::Floats16;

constexpr size_t kWordLanes = 16, kDotBytes = 64;

#if defined(MERGANSER_MULTIPLIES_WORDS)

using simd::MERGANSER_ISA_NS::WordSums;

// Rows of a tile, and sixteens of columns. Whole rows that are multiplied by whole columns at once.
#if defined(__AVX512BW__)
constexpr size_t kWordRows = 12, kWordPanels = 2, kDotRows = 4, kDotColumns = 4;
#else
constexpr size_t kWordRows = 6, kWordPanels = 1, kDotRows = 2, kDotColumns = 2;
#endif

MERGANSER_INLINE FineForm round_to_words(const float* row, size_t dims, float length, size_t padded, int8_t* codes) {
  // Adding it leaves whole numbers in a float's last bits.
  constexpr float kWhole = 12582912, kMostLength = 46330, kMost = 32767;
  float lanes[kWordLanes] = {};
  const auto raise = [&](size_t dim, size_t lane) MERGANSER_INLINE_LAMBDA {
    const float magnitude = __builtin_fabsf(row[dim]);
    lanes[lane] = magnitude > lanes[lane] ? magnitude : lanes[lane];
  };
  const size_t whole = dims / kWordLanes * kWordLanes;
  for (size_t at = 0; at < whole; at += kWordLanes) {
    for (size_t lane = 0; lane < kWordLanes; ++lane) raise(at + lane, lane);
  }
  for (size_t at = whole; at < dims; ++at) raise(at, 0);
  float most = 0;
  for (const float lane : lanes) most = lane > most ? lane : most;
  // Of numbers that small nothing is kept.
  const bool any = most > 1e-30f && most < 1e30f;
  // Rounding makes the numbers longer by half of one in each dimension.
  const float of_length = (kMostLength - .51f * __builtin_sqrtf(static_cast<float>(dims))) / length, of_greatest = kMost / most;
  const float inverse = any ? (of_length < of_greatest ? of_length : of_greatest) : 0;
  float sums[kWordLanes] = {};
  size_t dim = 0;
  for (; dim < whole; dim += kWordLanes) {
    int16_t words[kWordLanes];
    for (size_t lane = 0; lane < kWordLanes; ++lane) {
      const float scaled = row[dim + lane] * inverse, moved = scaled + kWhole, rest = scaled - (moved - kWhole);
      words[lane] = static_cast<int16_t>(std::bit_cast<int32_t>(moved));
      sums[lane] += rest * rest;
    }
    __builtin_memcpy(codes + dim * sizeof(int16_t), words, sizeof(words));
  }
  for (; dim < padded; ++dim) {
    const float scaled = dim < dims ? row[dim] * inverse : 0, moved = scaled + kWhole, rest = scaled - (moved - kWhole);
    const auto word = static_cast<int16_t>(std::bit_cast<int32_t>(moved));
    __builtin_memcpy(codes + dim * sizeof(int16_t), &word, sizeof(word));
    sums[0] += rest * rest;
  }
  float sum = 0;
  for (const float lane : sums) sum += lane;
  const float scale = any ? 1 / inverse : 0;
  return {scale, any ? 0 : length, any ? scale * __builtin_sqrtf(sum) * (1 + 1e-5f) + 3e-7f * length : length};
}

MERGANSER_INLINE void word_tile(const int8_t* rows, size_t row_bytes, const float* row_scales, size_t count, const int8_t* columns, const float* scales, const float* halves, float* out, size_t stride) {
  constexpr size_t kPairBytes = 2 * sizeof(int16_t), kLine = kFinePair * kPairBytes, kAhead = 8;
  WordSums sums[kWordPanels][kWordRows];
#pragma GCC unroll 2
  for (size_t p = 0; p < kWordPanels; ++p) {
#pragma GCC unroll 12
    for (size_t row = 0; row < kWordRows; ++row) sums[p][row] = WordSums::zero();
  }
  const int8_t* groups[(kWordRows + 3) / 4];
#pragma GCC unroll 3
  for (size_t group = 0; group < (kWordRows + 3) / 4; ++group) groups[group] = rows + 4 * group * row_bytes;
  for (size_t at = 0; at < row_bytes; at += kPairBytes, columns += kLine) {
    WordSums::Pairs numbers[kWordPanels];
#pragma GCC unroll 2
    for (size_t p = 0; p < kWordPanels; ++p) {
      numbers[p] = WordSums::load(columns + p * kWordLanes * kPairBytes);
      simd::MERGANSER_ISA_NS::expect_line(reinterpret_cast<const float*>(columns + p * kWordLanes * kPairBytes + kAhead * kLine));
    }
#pragma GCC unroll 12
    for (size_t row = 0; row < kWordRows; ++row) {
      const WordSums::Pairs pair = WordSums::broadcast(groups[row / 4] + row % 4 * row_bytes);
#pragma GCC unroll 2
      for (size_t p = 0; p < kWordPanels; ++p) sums[p][row].add(pair, numbers[p]);
    }
#pragma GCC unroll 3
    for (size_t group = 0; group < (kWordRows + 3) / 4; ++group) groups[group] += kPairBytes;
  }
#pragma GCC unroll 2
  for (size_t p = 0; p < kWordPanels; ++p) {
    const Floats16 scale = Floats16::load(scales + p * kWordLanes), start = Floats16::load(halves + p * kWordLanes);
#pragma GCC unroll 12
    for (size_t row = 0; row < kWordRows; ++row) {
      if (row >= count) break;
      Floats16 score = start;
      score.add_product(Floats16::factor(row_scales[row]), product_of(sums[p][row].floats(), scale));
      score.store(out + row * stride + p * kWordLanes);
    }
  }
}

MERGANSER_INLINE void all_word_scores(const FineRows& rows, const FinePairs& pairs, const FineShape& shape, float* out, size_t stride) {
  const size_t row_bytes = shape.row();
  for (size_t pair = 0; pair < pairs.count; ++pair) {
    for (size_t half = 0; half < kFinePair; half += kWordPanels * kWordLanes) {
      const size_t column = pair * kFinePair + half;
      for (size_t at = 0; at < rows.count; at += kWordRows) {
        // The last tile begins sooner where there are enough rows: some of its scores are found twice.
        const size_t first = at + kWordRows > rows.count && rows.count >= kWordRows ? rows.count - kWordRows : at;
        word_tile(rows.codes + first * row_bytes, row_bytes, rows.scales + first, rows.count - first, pairs.codes + pair * shape.pair() + half * 2 * sizeof(int16_t), pairs.scales + column,
                         pairs.halves + column, out + first * stride + column, stride);
      }
    }
  }
}

// kRows by kColumns sums of products of whole rows. next: the columns that come next, which are asked for.
template <size_t kRows, size_t kColumns>
MERGANSER_INLINE void word_dots(const int8_t* const* rows, const int8_t* const* columns, const int8_t* const* next, size_t row_bytes, int32_t (*sums)[kColumns]) {
  WordSums dots[kRows][kColumns];
#pragma GCC unroll 4
  for (size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (size_t c = 0; c < kColumns; ++c) dots[r][c] = WordSums::zero();
  }
  for (size_t at = 0; at < row_bytes; at += kDotBytes) {
    WordSums::Pairs numbers[kColumns];
#pragma GCC unroll 4
    for (size_t c = 0; c < kColumns; ++c) {
      numbers[c] = WordSums::load(columns[c] + at);
      simd::MERGANSER_ISA_NS::expect_line(reinterpret_cast<const float*>(next[c] + at));
    }
#pragma GCC unroll 4
    for (size_t r = 0; r < kRows; ++r) {
      const WordSums::Pairs row = WordSums::load(rows[r] + at);
#pragma GCC unroll 4
      for (size_t c = 0; c < kColumns; ++c) dots[r][c].add(row, numbers[c]);
    }
  }
#pragma GCC unroll 4
  for (size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (size_t c = 0; c < kColumns; ++c) sums[r][c] = dots[r][c].total();
  }
}

// Of kRows rows from `first` on.
template <size_t kRows, size_t kColumns>
MERGANSER_INLINE void squares_of_rows(const FewWordRows& rows, size_t first, const WordColumns& columns, size_t row_bytes, float* const* out) {
  for (size_t from = 0; from < columns.count; from += kColumns) {
    size_t places[kColumns];
    const int8_t *codes[kColumns], *next[kColumns];
    // The last one is repeated where there are not so many.
    const auto place_of = [&](size_t at) MERGANSER_INLINE_LAMBDA {
      const size_t column = at < columns.count ? at : columns.count - 1;
      return columns.some ? columns.some[column] : column;
    };
    for (size_t c = 0; c < kColumns; ++c) {
      places[c] = place_of(from + c);
      codes[c] = columns.codes + places[c] * row_bytes;
      next[c] = columns.codes + place_of(from + kColumns + c) * row_bytes;
    }
    int32_t sums[kRows][kColumns];
    word_dots<kRows, kColumns>(rows.codes + first, codes, next, row_bytes, sums);
    for (size_t r = 0; r < kRows; ++r) {
      for (size_t c = 0; c < kColumns && from + c < columns.count; ++c) {
        const float score = static_cast<float>(sums[r][c]) * columns.scales[places[c]] * rows.scales[first + r] + columns.halves[places[c]], square = rows.squares[first + r] - 2 * score;
        out[first + r][from + c] = square > 0 ? square : 0;
      }
    }
  }
}

MERGANSER_INLINE void all_word_squares(const FewWordRows& rows, const WordColumns& columns, size_t row_bytes, float* const* out) {
  if (rows.count == kWordRowsTogether) {
    for (size_t first = 0; first < kWordRowsTogether; first += kDotRows) squares_of_rows<kDotRows, kDotColumns>(rows, first, columns, row_bytes, out);
    return;
  }
  for (size_t first = 0; first < rows.count; ++first) squares_of_rows<1, kDotColumns>(rows, first, columns, row_bytes, out);
}

#endif

}  // namespace merganser::reduction::MERGANSER_ISA_NS
