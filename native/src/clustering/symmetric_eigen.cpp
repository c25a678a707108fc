#include "merganser/clustering/symmetric_eigen.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "merganser/clustering/double_rows.hpp"

namespace merganser::clustering {
namespace {

// Rounds of one eigenvalue; a handful are needed.
constexpr int kMostRounds = 60;

auto select_dot() { return MERGANSER_SELECT(dot); }
auto select_add_multiple() { return MERGANSER_SELECT(add_multiple); }
auto select_rotate() { return MERGANSER_SELECT(rotate); }

struct Tridiagonal {
  std::vector<double> diagonal;
  std::vector<double> below;    // below[i]: element (i + 1, i); one more at the end
  std::vector<double> vectors;  // row i: what unit vector i of the tridiagonal matrix stands for
};

// (I − f m mᵀ) A (I − f m mᵀ), where the rows before `from` are done.
void reflect_both_sides(std::vector<double>& a, const std::vector<double>& mirror, double factor, size_t size, size_t from) {
  static const auto dot = select_dot();
  static const auto add = select_add_multiple();
  const size_t left = size - from;
  std::vector<double> image(size);
  for (size_t i = from; i < size; ++i) image[i] = factor * dot(&a[i * size + from], &mirror[from], left);
  const double along = dot(&image[from], &mirror[from], left);
  add(&image[from], &mirror[from], -factor * along / 2, left);
  for (size_t i = from; i < size; ++i) {
    add(&a[i * size + from], &image[from], -mirror[i], left);
    add(&a[i * size + from], &mirror[from], -image[i], left);
  }
}

// (I − f m mᵀ) V.
void reflect_rows(std::vector<double>& rows, const std::vector<double>& mirror, double factor, size_t size, size_t from) {
  static const auto add = select_add_multiple();
  std::vector<double> image(size);
  for (size_t i = from; i < size; ++i) add(image.data(), &rows[i * size], mirror[i], size);
  for (size_t i = from; i < size; ++i) add(&rows[i * size], image.data(), -factor * mirror[i], size);
}

Tridiagonal tridiagonal(std::vector<double> a, size_t size) {
  Tridiagonal result{std::vector<double>(size), std::vector<double>(size), std::vector<double>(size * size)};
  for (size_t i = 0; i < size; ++i) result.vectors[i * size + i] = 1;
  for (size_t k = 0; k + 2 < size; ++k) {
    std::vector<double> mirror(size);
    double square = 0;
    for (size_t i = k + 1; i < size; ++i) mirror[i] = a[k * size + i], square += mirror[i] * mirror[i];
    const double length = std::sqrt(square);
    if (length == 0) continue;
    mirror[k + 1] += mirror[k + 1] < 0 ? -length : length;
    const double factor = 1 / (length * std::abs(mirror[k + 1]));
    reflect_both_sides(a, mirror, factor, size, k);
    reflect_rows(result.vectors, mirror, factor, size, k + 1);
  }
  for (size_t i = 0; i < size; ++i) {
    result.diagonal[i] = a[i * size + i];
    if (i + 1 < size) result.below[i] = a[i * size + i + 1];
  }
  return result;
}

// One QL step with Wilkinson's shift over the block [first, last].
void chase(Tridiagonal& matrix, size_t size, size_t first, size_t last) {
  static const auto rotate = select_rotate();
  auto& [diagonal, below, vectors] = matrix;
  const double ratio = (diagonal[first + 1] - diagonal[first]) / (2 * below[first]);
  double sine = 1, cosine = 1, shifted = 0;
  double bulge = diagonal[last] - diagonal[first] + below[first] / (ratio + (ratio < 0 ? -1 : 1) * std::hypot(ratio, 1.0));
  for (size_t i = last; i-- > first;) {
    const double out = sine * below[i], along = cosine * below[i], length = std::hypot(out, bulge);
    below[i + 1] = length;
    if (length == 0) {
      // The matrix falls apart here.
      diagonal[i + 1] -= shifted;
      below[last] = 0;
      return;
    }
    sine = out / length;
    cosine = bulge / length;
    const double rest = diagonal[i + 1] - shifted, step = (diagonal[i] - rest) * sine + 2 * cosine * along;
    shifted = sine * step;
    diagonal[i + 1] = rest + shifted;
    bulge = cosine * step - along;
    rotate(&vectors[i * size], &vectors[(i + 1) * size], cosine, sine, size);
  }
  diagonal[first] -= shifted;
  below[first] = bulge;
  below[last] = 0;
}

// Rotates neighbouring rows until nothing is left below the diagonal.
void diagonalize(Tridiagonal& matrix, size_t size) {
  const auto& [diagonal, below, vectors] = matrix;
  for (size_t first = 0; first < size; ++first) {
    for (int round = 0; round < kMostRounds; ++round) {
      size_t last = first;
      while (last + 1 < size &&
             std::abs(below[last]) > std::numeric_limits<double>::epsilon() * (std::abs(diagonal[last]) + std::abs(diagonal[last + 1])))
        ++last;
      if (last == first) break;
      chase(matrix, size, first, last);
    }
  }
}

}  // namespace

Eigenpairs symmetric_eigenpairs(std::vector<double> matrix, size_t size) {
  Tridiagonal reduced = tridiagonal(std::move(matrix), size);
  diagonalize(reduced, size);
  std::vector<size_t> order(size);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t i, size_t j) { return reduced.diagonal[i] > reduced.diagonal[j]; });
  Eigenpairs result{std::vector<double>(size), std::vector<double>(size * size)};
  for (size_t to = 0; to < size; ++to) {
    result.values[to] = reduced.diagonal[order[to]];
    std::copy_n(&reduced.vectors[order[to] * size], size, &result.vectors[to * size]);
  }
  return result;
}

}  // namespace merganser::clustering
