#include "merganser/reduction/combinations.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "merganser/parallel/parallel_for.hpp"
#include "merganser/reduction/row_products.hpp"
#include "merganser/reduction/score_rows.hpp"
#include "merganser/reduction/shared_columns.hpp"
#include "merganser/reduction/softmax_rows.hpp"
#include "merganser/reduction/token_rows.hpp"

namespace merganser::reduction {
namespace {

// Rows of a piece: pieces are worth a thread's attention, and many enough that threads end together.
constexpr size_t kPieceWork = 1 << 16;

size_t piece_rows(const SparseRows& matrix, size_t dims) {
  const size_t work = std::max<size_t>(1, (matrix.offsets[matrix.rows] - matrix.offsets[0]) * dims / std::max<size_t>(1, matrix.rows));
  return std::max<size_t>(kRowsTogether, kPieceWork / work) / kRowsTogether * kRowsTogether;
}

template <typename Body>
void for_pieces(const SparseRows& matrix, size_t dims, unsigned threads, Body body) {
  if (matrix.rows == 0) return;
  const size_t rows = piece_rows(matrix, dims);
  parallel::parallel_for(threads, (matrix.rows + rows - 1) / rows,
                         [&](size_t piece) { body(piece * rows, std::min(matrix.rows, (piece + 1) * rows)); });
}

template <typename Body>
void each_row(size_t count, size_t dims, unsigned threads, Body body) {
  const size_t rows = std::max<size_t>(1, kPieceWork / std::max<size_t>(1, dims));
  parallel::parallel_for(threads, (count + rows - 1) / rows, [&](size_t piece) {
    for (size_t row = piece * rows; row < std::min(count, (piece + 1) * rows); ++row) body(row);
  });
}

bool same_columns(const SparseRows& matrix, size_t row) {
  const uint32_t *const own = matrix.columns + matrix.offsets[row], *const next = matrix.columns + matrix.offsets[row + 1];
  const size_t count = matrix.offsets[row + 1] - matrix.offsets[row];
  return matrix.offsets[row + 2] - matrix.offsets[row + 1] == count && std::equal(own, own + count, next);
}

// Short rows are in the nearest cache anyway.
bool shares_loads(size_t dims) {
  static const bool together = MERGANSER_SELECT(rows_together)() == kRowsTogether;
  return together && dims >= 256;
}

// Sums of more numbers than this lose digits in single precision: they are sums of such sums in double.
constexpr uint32_t kSumTogether = 512;

bool any_long(const SparseRows& matrix, size_t row) {
  for (size_t r = row; r < row + kRowsTogether; ++r) {
    if (matrix.offsets[r + 1] - matrix.offsets[r] > kSumTogether) return true;
  }
  return false;
}

// combine(columns, weights, count, out) for a row of any length.
template <typename Combine>
void combine_in_parts(const uint32_t* columns, const float* weights, uint32_t count, size_t dims, float* out, Combine combine) {
  if (count <= kSumTogether) return combine(columns, weights, count, out);
  std::vector<double> sums(dims);
  for (uint32_t from = 0; from < count; from += kSumTogether) {
    combine(columns + from, weights + from, std::min(kSumTogether, count - from), out);
    for (size_t dim = 0; dim < dims; ++dim) sums[dim] += static_cast<double>(out[dim]);
  }
  std::transform(sums.begin(), sums.end(), out, [](double sum) { return static_cast<float>(sum); });
}

void combine_shared(const SparseRows& matrix, const SharedColumns& shared, size_t first, const float* weights, const float* values, size_t dims, float* out) {
  static const auto combine = MERGANSER_SELECT(combine_together);
  const size_t columns = shared.columns.size();
  std::vector<float> each(columns * kRowsTogether);
  float* outs[kRowsTogether];
  for (size_t r = 0; r < kRowsTogether; ++r) {
    outs[r] = out + (first + r) * dims;
    const float* next = weights + matrix.offsets[first + r];
    for (size_t entry = 0; entry < columns; ++entry) {
      if (shared.has(entry, r)) each[entry * kRowsTogether + r] = *next++;
    }
  }
  combine(values, dims, shared.columns.data(), each.data(), shared.members.data(), columns, outs);
}

// Products of rows and their columns, at their places in out.
void multiply_shared(const SparseRows& matrix, const SharedColumns& shared, size_t first, const float* left, const float* right, size_t dims, float* out) {
  static const auto multiply = MERGANSER_SELECT(products_together);
  const size_t columns = shared.columns.size();
  std::vector<float> products(columns * kRowsTogether);
  const float* rows[kRowsTogether];
  float* outs[kRowsTogether];
  for (size_t r = 0; r < kRowsTogether; ++r) rows[r] = left + (first + r) * dims, outs[r] = products.data() + r * columns;
  multiply(rows, right, dims, shared.columns.data(), columns, outs);
  for (size_t r = 0; r < kRowsTogether; ++r) {
    float* to = out + matrix.offsets[first + r];
    for (size_t entry = 0; entry < columns; ++entry) {
      if (shared.has(entry, r)) *to++ = outs[r][entry];
    }
  }
}

// The sum of a row's entries, and if that is asked for (`most`) the greatest magnitude of what was read; NaN stays.
void combine_entries(const SparseRows& matrix, size_t row, const float* weights, const float* values, size_t dims, float* out, float* most) {
  static const auto combine = MERGANSER_SELECT(combine_row);
  static const auto combine_and_measure = MERGANSER_SELECT(combine_row_and_measure);
  const uint32_t from = matrix.offsets[row], count = matrix.offsets[row + 1] - from;
  combine_in_parts(matrix.columns + from, weights + from, count, dims, out, [&](const uint32_t* columns, const float* own, uint32_t some, float* to) {
    if (!most) return combine(values, dims, columns, own, some, to);
    const float found = combine_and_measure(values, dims, columns, own, some, to);
    if (!std::isnan(*most) && !(found <= *most)) *most = found;
  });
}

// Zeros stay zeros.
void scale_to_longest(float* row, size_t dims, const float* values, const uint32_t* members, size_t count) {
  static const auto multiply = MERGANSER_SELECT(multiply_row);
  double most = 0;
  for (size_t i = 0; i < count; ++i) most = std::max(most, squared_length(values + members[i] * dims, dims));
  const double own = std::sqrt(squared_length(row, dims));
  multiply(row, dims, own > 0 ? std::sqrt(most) / own : 0);
}

}  // namespace

void combine_rows(const SparseRows& matrix, const float* weights, const float* values, size_t dims, unsigned threads, float* out, float* greatest) {
  std::vector<float> most(greatest ? matrix.rows : 0);
  for_pieces(matrix, dims, threads, [&](size_t first, size_t last) {
    SharedColumns shared;
    for (size_t row = first; row < last; ++row) {
      if (shares_loads(dims) && !greatest && row + kRowsTogether <= last && !any_long(matrix, row) && shared.gather(matrix, row)) {
        combine_shared(matrix, shared, row, weights, values, dims, out);
        row += kRowsTogether - 1;
        continue;
      }
      combine_entries(matrix, row, weights, values, dims, out + row * dims, greatest ? &most[row] : nullptr);
    }
  });
  if (greatest) *greatest = greatest_magnitude(most.data(), most.size(), 1);
}

void group_means(const RowGroups& groups, const float* values, size_t dims, bool longest, unsigned threads, float* out, float* greatest) {
  std::vector<uint32_t> offsets(groups.count + 1), members(groups.rows), next(groups.count);
  std::vector<float> shares(groups.rows), most(greatest ? groups.count : 0);
  for (size_t row = 0; row < groups.rows; ++row) ++offsets[groups.of[row] + 1];
  for (size_t group = 0; group < groups.count; ++group) next[group] = offsets[group], offsets[group + 1] += offsets[group];
  for (size_t row = 0; row < groups.rows; ++row) {
    const uint32_t at = next[groups.of[row]]++;
    const double mass = groups.masses[groups.of[row]];
    members[at] = static_cast<uint32_t>(row);
    shares[at] = mass > 0 ? static_cast<float>(static_cast<double>(groups.weights[row]) / mass) : 0;
  }
  const SparseRows matrix{offsets.data(), members.data(), groups.count};
  for_pieces(matrix, dims, threads, [&](size_t first, size_t last) {
    for (size_t group = first; group < last; ++group) {
      float* const mean = out + group * dims;
      combine_entries(matrix, group, shares.data(), values, dims, mean, greatest ? &most[group] : nullptr);
      if (longest) scale_to_longest(mean, dims, values, members.data() + offsets[group], offsets[group + 1] - offsets[group]);
    }
  });
  if (greatest) *greatest = greatest_magnitude(most.data(), most.size(), 1);
}

void row_lengths(const float* values, size_t rows, size_t dims, unsigned threads, double* lengths) {
  each_row(rows, dims, threads, [&](size_t row) { lengths[row] = std::sqrt(squared_length(values + row * dims, dims)); });
}

void sparse_squares(const SparseRows& matrix, const float* left, const float* right, size_t right_rows, size_t dims, unsigned threads, float* out, double* known) {
  static const auto one = MERGANSER_SELECT(products_with);
  static const auto two = MERGANSER_SELECT(products_of_two);
  std::vector<double> lengths(right_rows);
  for (size_t row = 0; row < right_rows; ++row) lengths[row] = squared_length(right + row * dims, dims);
  const auto to_squares = [&](size_t row) {
    const double own = known && known[row] >= 0 ? known[row] : squared_length(left + row * dims, dims);
    if (known) known[row] = own;
    for (uint32_t entry = matrix.offsets[row]; entry < matrix.offsets[row + 1]; ++entry) {
      out[entry] = std::max(0.f, static_cast<float>(own + lengths[matrix.columns[entry]] - 2 * static_cast<double>(out[entry])));
    }
  };
  for_pieces(matrix, dims, threads, [&](size_t first, size_t last) {
    SharedColumns shared;
    for (size_t row = first; row < last; ++row) {
      const uint32_t from = matrix.offsets[row], count = matrix.offsets[row + 1] - from;
      const float* const token = left + row * dims;
      if (shares_loads(dims) && row + kRowsTogether <= last && shared.gather(matrix, row)) {
        multiply_shared(matrix, shared, row, left, right, dims, out);
        for (size_t r = 0; r + 1 < kRowsTogether; ++r) to_squares(row++);
      } else if (row + 1 < last && same_columns(matrix, row)) {
        two(token, token + dims, right, dims, matrix.columns + from, count, out + from, out + from + count);
        to_squares(row++);
      } else {
        one(token, right, dims, matrix.columns + from, count, out + from);
      }
      to_squares(row);
    }
  });
}

void softmax_rows(const uint32_t* offsets, size_t rows, const float* squares, double temperature, bool squared, unsigned threads, float* weights) {
  static const auto softmax = MERGANSER_SELECT(softmax_rows);
  constexpr size_t kRows = 256;
  // An infinite rate would make no number of a distance of 0, and one of 0 none of the infinite ones that fill rows.
  using Limits = std::numeric_limits<float>;
  const auto rate = static_cast<float>(std::clamp<double>(temperature * 1.4426950408889634, Limits::min(), Limits::max()));
  parallel::parallel_for(threads, (rows + kRows - 1) / kRows,
                         [&](size_t piece) { softmax(offsets + piece * kRows, std::min(kRows, rows - piece * kRows), squares, rate, squared, weights); });
}

}  // namespace merganser::reduction
