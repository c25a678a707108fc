#include "merganser/clustering/double_rows.hpp"

#include "merganser/simd/doubles8.hpp"

namespace merganser::clustering::MERGANSER_ISA_NS {
namespace {

using simd::MERGANSER_ISA_NS::Doubles8;
constexpr size_t kLanes = 8;
constexpr size_t kTileRows = static_cast<size_t>(simd::MERGANSER_ISA_NS::kDoubleTileRows);
constexpr size_t kTileColumns = static_cast<size_t>(simd::MERGANSER_ISA_NS::kDoubleTileColumns);
constexpr size_t kTileSide = static_cast<size_t>(simd::MERGANSER_ISA_NS::kDoubleTileSide);
// Columns of which the dots of all rows are taken at a time: as much of a few hundred rows as the second-level cache holds.
constexpr size_t kDotColumns = 256;
// Rows that are read side by side: the memory follows so many.
constexpr size_t kRowsAtATime = 16;

MERGANSER_INLINE size_t least(size_t a, size_t b) { return a < b ? a : b; }

// Dots of columns [first, last) of kTileSide rows with as many, added to out. Rows that are not there are the last one again.
MERGANSER_INLINE void add_dots(Strided<const double> a, size_t i, Strided<const double> b, size_t j, size_t first, size_t last, Strided<double> out) {
  const double *left[kTileSide], *right[kTileSide];
  Doubles8 sums[kTileSide][kTileSide];
#pragma GCC unroll 4
  for (size_t p = 0; p < kTileSide; ++p) {
    left[p] = a.data + least(i + p, a.rows - 1) * a.stride;
    right[p] = b.data + least(j + p, b.rows - 1) * b.stride;
#pragma GCC unroll 4
    for (size_t q = 0; q < kTileSide; ++q) sums[p][q] = Doubles8::zero();
  }
  size_t at = first;
  for (; at + kLanes <= last; at += kLanes) {
    Doubles8 numbers[kTileSide];
#pragma GCC unroll 4
    for (size_t q = 0; q < kTileSide; ++q) numbers[q] = Doubles8::load(right[q] + at);
#pragma GCC unroll 4
    for (size_t p = 0; p < kTileSide; ++p) {
      const Doubles8 factor = Doubles8::load(left[p] + at);
#pragma GCC unroll 4
      for (size_t q = 0; q < kTileSide; ++q) sums[p][q].add_product(factor, numbers[q]);
    }
  }
  for (size_t p = 0; p < kTileSide && i + p < a.rows; ++p) {
    for (size_t q = 0; q < kTileSide && j + q < b.rows; ++q) {
      double sum = sum_of(sums[p][q]);
      for (size_t rest = at; rest < last; ++rest) sum += left[p][rest] * right[q][rest];
      out.data[(i + p) * out.stride + j + q] += sum;
    }
  }
}

// Adds a few rows' multiples to columns [at, at + 8 kColumns) of rows [i, i + kRows).
template <size_t kRows, size_t kColumns, typename Number>
MERGANSER_INLINE void add_tile(Strided<const double> factors, Strided<const Number> b, size_t i, size_t from, size_t to, size_t at, Strided<double> out) {
  Doubles8 sums[kRows][kColumns];
#pragma GCC unroll 8
  for (size_t p = 0; p < kRows; ++p) {
#pragma GCC unroll 2
    for (size_t q = 0; q < kColumns; ++q) sums[p][q] = Doubles8::load(out.data + (i + p) * out.stride + at + q * kLanes);
  }
  for (size_t row = from; row < to; ++row) {
    Doubles8 numbers[kColumns];
#pragma GCC unroll 2
    for (size_t q = 0; q < kColumns; ++q) numbers[q] = Doubles8::load(b.data + row * b.stride + at + q * kLanes);
#pragma GCC unroll 8
    for (size_t p = 0; p < kRows; ++p) {
      const Doubles8 factor = Doubles8::broadcast(factors.data[(i + p) * factors.stride + row]);
#pragma GCC unroll 2
      for (size_t q = 0; q < kColumns; ++q) sums[p][q].add_product(factor, numbers[q]);
    }
  }
#pragma GCC unroll 8
  for (size_t p = 0; p < kRows; ++p) {
#pragma GCC unroll 2
    for (size_t q = 0; q < kColumns; ++q) sums[p][q].store(out.data + (i + p) * out.stride + at + q * kLanes);
  }
}

template <size_t kColumns, typename Number>
MERGANSER_INLINE void add_strip(Strided<const double> factors, Strided<const Number> b, size_t from, size_t to, size_t at, Strided<double> out) {
  size_t i = 0;
  for (; i + kTileRows <= factors.rows; i += kTileRows) add_tile<kTileRows, kColumns>(factors, b, i, from, to, at, out);
  for (; i < factors.rows; ++i) add_tile<1, kColumns>(factors, b, i, from, to, at, out);
}

template <typename Number>
MERGANSER_INLINE void add_all(Strided<const double> factors, Strided<const Number> b, size_t first, size_t last, Strided<double> out) {
  for (size_t from = 0; from < b.rows; from += kRowsAtATime) {
    const size_t to = least(b.rows, from + kRowsAtATime);
    size_t at = first;
    for (; at + kTileColumns * kLanes <= last; at += kTileColumns * kLanes) add_strip<kTileColumns>(factors, b, from, to, at, out);
    for (; at + kLanes <= last; at += kLanes) add_strip<1>(factors, b, from, to, at, out);
    for (; at < last; ++at) {
      for (size_t i = 0; i < factors.rows; ++i) {
        for (size_t row = from; row < to; ++row)
          out.data[i * out.stride + at] += factors.data[i * factors.stride + row] * static_cast<double>(b.data[row * b.stride + at]);
      }
    }
  }
}

}  // namespace

double dot(const double* a, const double* b, size_t size) {
  Doubles8 sums[4] = {Doubles8::zero(), Doubles8::zero(), Doubles8::zero(), Doubles8::zero()};
  size_t at = 0;
  for (; at + 4 * kLanes <= size; at += 4 * kLanes) {
#pragma GCC unroll 4
    for (size_t p = 0; p < 4; ++p) sums[p].add_product(Doubles8::load(a + at + p * kLanes), Doubles8::load(b + at + p * kLanes));
  }
  double sum = (sum_of(sums[0]) + sum_of(sums[1])) + (sum_of(sums[2]) + sum_of(sums[3]));
  for (; at < size; ++at) sum += a[at] * b[at];
  return sum;
}

void add_multiple(double* to, const double* from, double factor, size_t size) {
  const Doubles8 factors = Doubles8::broadcast(factor);
  size_t at = 0;
  for (; at + kLanes <= size; at += kLanes) {
    Doubles8 sum = Doubles8::load(to + at);
    sum.add_product(factors, Doubles8::load(from + at));
    sum.store(to + at);
  }
  for (; at < size; ++at) to[at] += factor * from[at];
}

void rotate(double* a, double* b, double cosine, double sine, size_t size) {
  const Doubles8 cosines = Doubles8::broadcast(cosine), sines = Doubles8::broadcast(sine), minus = Doubles8::broadcast(-sine);
  size_t at = 0;
  for (; at + kLanes <= size; at += kLanes) {
    const Doubles8 x = Doubles8::load(a + at), y = Doubles8::load(b + at);
    Doubles8 p = Doubles8::zero(), q = Doubles8::zero();
    p.add_product(cosines, x);
    p.add_product(minus, y);
    q.add_product(sines, x);
    q.add_product(cosines, y);
    p.store(a + at);
    q.store(b + at);
  }
  for (; at < size; ++at) {
    const double x = a[at], y = b[at];
    a[at] = cosine * x - sine * y;
    b[at] = sine * x + cosine * y;
  }
}

void all_dots(Strided<const double> a, Strided<const double> b, size_t size, Strided<double> out) {
  for (size_t i = 0; i < a.rows; ++i) {
    for (size_t j = 0; j < b.rows; ++j) out.data[i * out.stride + j] = 0;
  }
  for (size_t first = 0; first < size; first += kDotColumns) {
    for (size_t j = 0; j < b.rows; j += kTileSide) {
      for (size_t i = 0; i < a.rows; i += kTileSide) add_dots(a, i, b, j, first, least(size, first + kDotColumns), out);
    }
  }
}

void add_combinations(Strided<const double> factors, Strided<const double> b, size_t first, size_t last, Strided<double> out) {
  add_all(factors, b, first, last, out);
}

void add_float_combinations(Strided<const double> factors, Strided<const float> b, size_t first, size_t last, Strided<double> out) {
  add_all(factors, b, first, last, out);
}

}  // namespace merganser::clustering::MERGANSER_ISA_NS
