#include "merganser/reduction/word_products.hpp"

#include <cmath>

#include "merganser/simd/numbers.hpp"
#include "merganser/simd/transpose16.hpp"
#include "merganser/simd/word_sums.hpp"

namespace merganser::reduction::MERGANSER_ISA_NS {

bool multiplies_words() { return simd::MERGANSER_ISA_NS::adds_word_products(); }

#if defined(MERGANSER_MULTIPLIES_WORDS)

namespace {

using namespace simd::MERGANSER_ISA_NS;

constexpr size_t kLanes = 16, kHeight = kTileRows, kPanels = kTilePanels;
constexpr float kMostLength = 46300, kMostNumber = 32767, kRestUnits = 254;
// Bytes of two dimensions of a panel.
constexpr size_t kStep = kLanes * 2;

MERGANSER_INLINE void add_to(float* totals, const WordSums& sums) {
  Floats16 all = Floats16::load(totals);
  all.add(sums.floats());
  all.store(totals);
}

// Rows one behind the other (see TileRows).
class TileWords {
 public:
  MERGANSER_INLINE TileWords(const int16_t* first, size_t stride) : stride_(stride) {
#pragma GCC unroll 3
    for (size_t group = 0; group < kGroups; ++group) groups_[group] = first + 4 * group * stride;
  }
  MERGANSER_INLINE WordSums::Pairs at(size_t row) const { return WordSums::broadcast(groups_[row / 4] + row % 4 * stride_); }
  MERGANSER_INLINE void next() {
#pragma GCC unroll 3
    for (size_t group = 0; group < kGroups; ++group) groups_[group] += 2;
  }

 private:
  static constexpr size_t kGroups = (kHeight + 3) / 4;
  size_t stride_;
  const int16_t* groups_[kGroups];
};

// Rows [first, first + kHeight) by panels [panel, panel + kCount).
template <size_t kCount>
MERGANSER_INLINE void tile_of_scores(const WordRows& rows, size_t first, const WordPanels& panels, size_t panel, float* out, size_t stride) {
  constexpr size_t kStepsAhead = 8;
  const size_t apart = panels.stride * kLanes;
  const int16_t* numbers = panels.codes + panel * apart;
  TileWords words(rows.codes + first * rows.stride, rows.stride);
  alignas(64) float totals[kHeight][kCount][kLanes] = {};
  for (size_t dim = 0; dim < panels.stride; dim += kWordBlock) {
    WordSums sums[kHeight][kCount];
#pragma GCC unroll 12
    for (size_t row = 0; row < kHeight; ++row) {
#pragma GCC unroll 2
      for (size_t p = 0; p < kCount; ++p) sums[row][p] = WordSums::zero();
    }
    const size_t end = panels.stride - dim < kWordBlock ? panels.stride : dim + kWordBlock;
#pragma GCC unroll 4
    for (size_t at = dim; at < end; at += 2, numbers += kStep, words.next()) {
      WordSums::Pairs codes[kCount];
#pragma GCC unroll 2
      for (size_t p = 0; p < kCount; ++p) {
        codes[p] = WordSums::load(numbers + p * apart);
        expect_line(reinterpret_cast<const float*>(numbers + p * apart + kStepsAhead * kStep));
      }
#pragma GCC unroll 12
      for (size_t row = 0; row < kHeight; ++row) {
        const WordSums::Pairs two = words.at(row);
#pragma GCC unroll 2
        for (size_t p = 0; p < kCount; ++p) sums[row][p].add(two, codes[p]);
      }
    }
#pragma GCC unroll 12
    for (size_t row = 0; row < kHeight; ++row) {
#pragma GCC unroll 2
      for (size_t p = 0; p < kCount; ++p) add_to(totals[row][p], sums[row][p]);
    }
  }
  alignas(64) float scales[kCount][kLanes];
  for (size_t p = 0; p < kCount; ++p) Floats16::load(panels.scales + (panel + p) * kLanes).store(scales[p]);
  const size_t height = rows.count - first < kHeight ? rows.count - first : kHeight;
  for (size_t row = 0; row < height; ++row) {
    const Floats16::Factor scale = Floats16::factor(rows.scales[first + row]);
    for (size_t p = 0; p < kCount; ++p) {
      for (size_t lane = 0; lane < kLanes; ++lane) totals[row][p][lane] *= scales[p][lane];
      Floats16 scores = Floats16::broadcast(0);
      scores.add_product(scale, Floats16::load(totals[row][p]));
      scores.store(out + (first + row) * stride + (panel + p) * kLanes);
    }
  }
}

#if defined(__AVX512F__)

// The last bits of numbers to which kWholeNumber was added.
MERGANSER_INLINE void store_words(int16_t* to, Numbers moved) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtepi32_epi16(_mm512_castps_si512(moved))); }
MERGANSER_INLINE void store_bytes(int8_t* to, Numbers moved) { _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(_mm512_castps_si512(moved))); }
MERGANSER_INLINE Numbers from_words(const int16_t* from) { return _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)))); }
MERGANSER_INLINE Numbers from_bytes(const int8_t* from) { return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)))); }

#else

MERGANSER_INLINE __m128i words_of(Numbers moved) {
  const __m256i whole = _mm256_sub_epi32(_mm256_castps_si256(moved), _mm256_castps_si256(all_of(kWholeNumber)));
  return _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
}
MERGANSER_INLINE void store_words(int16_t* to, Numbers moved) { _mm_storeu_si128(reinterpret_cast<__m128i*>(to), words_of(moved)); }
MERGANSER_INLINE void store_bytes(int8_t* to, Numbers moved) { _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packs_epi16(words_of(moved), _mm_setzero_si128())); }
MERGANSER_INLINE Numbers from_words(const int16_t* from) { return _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)))); }
MERGANSER_INLINE Numbers from_bytes(const int8_t* from) { return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)))); }

#endif

// Numbers of a row, of which `left` are there.
MERGANSER_INLINE Numbers load_part(const float* row, size_t left) { return left >= kNumbers ? load(row) : load_some(row, left); }

// What a row's numbers are multiplied by to be words; 0: nothing is kept.
MERGANSER_INLINE float factor_of(const float* row, size_t dims) {
  Numbers magnitudes = all_of(0);
  for (size_t dim = 0; dim < dims; dim += kNumbers) magnitudes = greater(magnitudes, magnitude_of(load_part(row + dim, dims - dim)));
  const float most = greatest_of(magnitudes);
  if (!(most > 1e-30f && most < 1e30f)) return 0;
  const Numbers inverse = all_of(1 / most);
  float greatest_square = 0;
  for (size_t block = 0; block < dims; block += kWordBlock) {
    const size_t end = dims - block < kWordBlock ? dims : block + kWordBlock;
    Numbers squares = all_of(0);
    for (size_t dim = block; dim < end; dim += kNumbers) {
      const Numbers some = times(load_part(row + dim, dims - dim), inverse);
      squares = plus_product(squares, some, some);
    }
    const float square = sum_of(squares);
    greatest_square = square > greatest_square ? square : greatest_square;
  }
  const float of_length = kMostLength / ::sqrtf(greatest_square);
  return (of_length < kMostNumber ? of_length : kMostNumber) / most;
}

}  // namespace

float to_words(const float* row, size_t dims, float scale, int16_t* codes, int8_t* rests, const WordTotals& totals) {
  const float factor = factor_of(row, dims), of_code = factor > 0 ? scale / factor : 0;
  const Numbers factors = all_of(factor), of_codes = all_of(of_code), whole = all_of(kWholeNumber), rest_units = all_of(kRestUnits);
  for (size_t dim = 0; dim < (dims + kWordStep - 1) / kWordStep * kWordStep; dim += kNumbers) {
    const Numbers units = times(load_part(row + dim, dim < dims ? dims - dim : 0), factors), moved = plus(units, whole), rest = minus(units, minus(moved, whole));
    store_words(codes + dim, moved);
    store_bytes(rests + dim, plus(times(rest, rest_units), whole));
    store(totals.all + dim, plus_product(load(totals.all + dim), units, of_codes));
    store(totals.rests + dim, plus_product(load(totals.rests + dim), rest, of_codes));
  }
  return of_code;
}

float left_out(const int16_t* codes, const int8_t* rests, size_t stride, const WordTotals& totals) {
  Numbers of_codes = all_of(0), of_rests = all_of(0);
  for (size_t dim = 0; dim < stride; dim += kNumbers) {
    of_codes = plus_product(of_codes, from_words(codes + dim), load(totals.rests + dim));
    of_rests = plus_product(of_rests, from_bytes(rests + dim), load(totals.all + dim));
  }
  return sum_of(of_codes) + sum_of(of_rests) / kRestUnits;
}

void pack_word_panel(const int16_t* rows, size_t stride, int16_t* panel) {
  for (size_t dim = 0; dim < stride; dim += kStep) {
    const size_t pairs = (stride - dim < kStep ? stride - dim : kStep) / 2;
    Floats16 lines[kLanes];
#pragma GCC unroll 16
    for (size_t i = 0; i < kLanes; ++i) lines[i] = Floats16::load(reinterpret_cast<const float*>(rows + i * stride + dim));
    store_turned(lines, pairs, reinterpret_cast<float*>(panel + dim * kLanes));
  }
}

void word_scores(const WordRows& rows, const WordPanels& panels, float* out, size_t stride) {
  size_t panel = 0;
  for (; panel + kPanels <= panels.count; panel += kPanels) {
    for (size_t first = 0; first < rows.count; first += kHeight) tile_of_scores<kPanels>(rows, first, panels, panel, out, stride);
  }
  if constexpr (kPanels > 1) {
    if (panel == panels.count) return;
    for (size_t first = 0; first < rows.count; first += kHeight) tile_of_scores<1>(rows, first, panels, panel, out, stride);
  }
}

#else

float to_words(const float*, size_t, float, int16_t*, int8_t*, const WordTotals&) { return 0; }
float left_out(const int16_t*, const int8_t*, size_t, const WordTotals&) { return 0; }
void pack_word_panel(const int16_t*, size_t, int16_t*) {}
void word_scores(const WordRows&, const WordPanels&, float*, size_t) {}

#endif

}  // namespace merganser::reduction::MERGANSER_ISA_NS
