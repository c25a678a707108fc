#include "merganser/clustering/leading_eigenvectors.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "merganser/clustering/double_rows.hpp"
#include "merganser/clustering/symmetric_eigen.hpp"
#include "merganser/parallel/parallel_for.hpp"

namespace merganser::clustering {
namespace {

constexpr size_t kBlock = 8;
// Up to here the whole matrix is diagonalised.
constexpr size_t kSmall = 96;
// Vectors beyond those that are asked for make the last of them converge: at least so many, or a part of the number.
constexpr size_t kLeastSpare = 16, kSparePart = 4;
// The least number of vectors that are added between two restarts.
constexpr size_t kLeastGrowth = 160;
// More than so many restarts to come, judging by the last one, are slow: then more vectors are kept, up to half of a space that is doubled up to here. And every few restarts it is doubled
// whatever they promise: a space that holds everything is exact.
constexpr double kMostExpected = 5;
constexpr size_t kCheapRoom = 768;
constexpr int kRestartsOfSize = 16;
constexpr double kResidual = 1e-8;
// Columns and rows of a piece of work.
constexpr size_t kPieceColumns = 256, kPieceRows = 64;

auto select_dot() { return MERGANSER_SELECT(dot); }
auto select_add_multiple() { return MERGANSER_SELECT(add_multiple); }
auto select_all_dots() { return MERGANSER_SELECT(all_dots); }
auto select_add_combinations() { return MERGANSER_SELECT(add_combinations); }
auto select_add_float_combinations() { return MERGANSER_SELECT(add_float_combinations); }

// Numbers that look random, the same in every run.
class RandomNumbers {
 public:
  double next() {
    uint64_t x = state_ += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return static_cast<double>((x ^ (x >> 31)) >> 11) * 0x1p-52 - 1;
  }

 private:
  uint64_t state_ = 1;
};

class KrylovSpace {
 public:
  // `room`: how many vectors it may hold.
  KrylovSpace(const SymmetricMatrix& matrix, size_t room, unsigned threads)
      : matrix_(matrix), size_(matrix.size), room_(room), threads_(threads), rows_((room + kBlock) * size_), projected_(room * room), images_(kBlock * size_) {
    next_ = std::min(kBlock, size_);
    for (size_t i = 0; i < next_ * size_; ++i) rows_[i] = random_.next();
    orthonormalize_next({});
  }

  const double* row(size_t i) const { return &rows_[i * size_]; }

  void grow(const std::atomic<bool>* cancelled) {
    while (count_ < room_ && next_ > 0 && !*cancelled) {
      latest_ = count_;
      const size_t added = std::min(next_, room_ - count_);
      count_ += added;
      multiply(latest_, added);
      std::vector<double> dots = dots_with_basis({images_.data(), added, size_});
      for (size_t p = 0; p < added; ++p) {
        for (size_t i = 0; i < count_; ++i) projected_[i * room_ + latest_ + p] = projected_[(latest_ + p) * room_ + i] = dots[p * count_ + i];
      }
      next_ = std::min(added, size_ - count_);
      std::copy_n(images_.data(), next_ * size_, &rows_[count_ * size_]);
      dots.resize(next_ * count_);
      orthonormalize_next(std::move(dots));
    }
  }

  // Keeps the vectors of the space that are nearest to being those of the greatest eigenvalues. Gives the eigenvalues, and the lengths of the residuals of those kept.
  void keep_best(size_t wanted, std::vector<double>& values, std::vector<double>& residuals) {
    std::vector<double> square(count_ * count_);
    for (size_t i = 0; i < count_; ++i) std::copy_n(&projected_[i * room_], count_, &square[i * count_]);
    const Eigenpairs pairs = symmetric_eigenpairs(std::move(square), count_);
    const size_t kept = std::min(wanted, count_);
    residuals = residuals_of(pairs, kept);
    values = pairs.values;
    std::vector<double> best(kept * size_);
    add_basis({pairs.vectors.data(), kept, count_}, {best.data(), kept, size_});
    std::copy_n(&rows_[count_ * size_], next_ * size_, &rows_[kept * size_]);
    std::copy(best.begin(), best.end(), rows_.begin());
    for (size_t i = 0; i < kept; ++i) {
      std::fill_n(&projected_[i * room_], kept, 0.0);
      projected_[i * room_ + i] = values[i];
    }
    count_ = kept;
  }

  // Makes room for more vectors. `values`: the eigenvalues that keep_best gave.
  void enlarge(size_t room, const std::vector<double>& values) {
    room_ = room;
    rows_.resize((room + kBlock) * size_);
    projected_.assign(room * room, 0.0);
    for (size_t i = 0; i < count_; ++i) projected_[i * room + i] = values[i];
  }

 private:
  // The matrix maps the space into itself and the next vectors: what a vector's image has outside of the space is what the latest vectors' images have of those.
  std::vector<double> residuals_of(const Eigenpairs& pairs, size_t kept) const {
    static const auto all_dots = select_all_dots();
    const size_t added = count_ - latest_;
    std::vector<double> outside(next_ * added), residuals(kept);
    if (next_ > 0) all_dots({&rows_[count_ * size_], next_, size_}, {images_.data(), added, size_}, size_, {outside.data(), next_, added});
    for (size_t i = 0; i < kept; ++i) {
      double square = 0;
      for (size_t p = 0; p < next_; ++p) {
        double part = 0;
        for (size_t q = 0; q < added; ++q) part += outside[p * added + q] * pairs.vectors[i * count_ + latest_ + q];
        square += part * part;
      }
      residuals[i] = std::sqrt(square);
    }
    return residuals;
  }

  // Calls add(first, last) for parts of all columns, on several threads.
  template <typename Add>
  void for_columns(Add add) const {
    parallel::parallel_for(threads_, (size_ + kPieceColumns - 1) / kPieceColumns,
                           [&](size_t piece) { add(piece * kPieceColumns, std::min(size_, (piece + 1) * kPieceColumns)); });
  }

  // out += factors × the basis
  void add_basis(Strided<const double> factors, Strided<double> out) const {
    static const auto add = select_add_combinations();
    for_columns([&](size_t first, size_t last) { add(factors, {rows_.data(), count_, size_}, first, last, out); });
  }

  // images_ = the matrix' products with some rows. It is symmetric: its rows are its columns.
  void multiply(size_t first, size_t count) {
    static const auto add = select_add_float_combinations();
    std::fill_n(images_.data(), count * size_, 0.0);
    for_columns([&](size_t begin, size_t end) {
      add({&rows_[first * size_], count, size_}, {matrix_.data, size_, size_}, begin, end, {images_.data(), count, size_});
    });
  }

  // [vectors][count_]
  std::vector<double> dots_with_basis(Strided<const double> vectors) const {
    static const auto all_dots = select_all_dots();
    std::vector<double> dots(vectors.rows * count_);
    parallel::parallel_for(threads_, (count_ + kPieceRows - 1) / kPieceRows, [&](size_t piece) {
      const size_t first = piece * kPieceRows, count = std::min(kPieceRows, count_ - first);
      all_dots(vectors, {&rows_[first * size_], count, size_}, size_, {dots.data() + first, vectors.rows, count_});
    });
    return dots;
  }

  // Makes the next vectors orthogonal to the basis and to each other, at unit length. `dots`: theirs with the basis; empty: not known.
  void orthonormalize_next(std::vector<double> dots) {
    static const auto dot = select_dot();
    const Strided<double> next{&rows_[count_ * size_], next_, size_};
    std::vector<double> lengths(next_, 1.0);
    for (size_t p = 0; p < next_; ++p) lengths[p] = std::sqrt(dot(next.row(p), next.row(p), size_));
    // Twice: the first pass leaves rounding errors of what it takes away.
    for (int pass = 0; pass < 2; ++pass) {
      if (pass > 0 || dots.empty()) dots = dots_with_basis({next.data, next_, size_});
      for (double& factor : dots) factor = -factor;
      if (count_ > 0) add_basis({dots.data(), next_, count_}, next);
      for (size_t p = 0; p < next_; ++p) {
        if (!take_out(next, p, lengths[p])) replace(next, p);
        lengths[p] = 1;
      }
    }
  }

  // Takes the vectors before p out of vector p, and scales it to unit length; false: nothing is left of it.
  bool take_out(Strided<double> next, size_t p, double length_before) const {
    static const auto dot = select_dot();
    static const auto add = select_add_multiple();
    for (size_t q = 0; q < p; ++q) add(next.row(p), next.row(q), -dot(next.row(p), next.row(q), size_), size_);
    const double length = std::sqrt(dot(next.row(p), next.row(p), size_));
    if (!(length > 1e-12 * length_before && length > 0)) return false;
    for (size_t i = 0; i < size_; ++i) next.row(p)[i] /= length;
    return true;
  }

  // There is always a vector outside of what is there.
  void replace(Strided<double> next, size_t p) {
    static const auto dot = select_dot();
    static const auto add = select_add_multiple();
    do {
      for (size_t i = 0; i < size_; ++i) next.row(p)[i] = random_.next();
      for (int pass = 0; pass < 2; ++pass) {
        for (size_t i = 0; i < count_; ++i) add(next.row(p), row(i), -dot(next.row(p), row(i), size_), size_);
      }
    } while (!take_out(next, p, std::sqrt(static_cast<double>(size_))));
  }

  const SymmetricMatrix matrix_;
  const size_t size_;
  size_t room_;
  const unsigned threads_;
  RandomNumbers random_;
  size_t count_ = 0, next_ = 0, latest_ = 0;
  // The basis, and behind it the next vectors: orthonormal.
  std::vector<double> rows_;
  // [room][room]: the matrix in terms of the basis.
  std::vector<double> projected_;
  // Of the vectors that were added latest.
  std::vector<double> images_;
};

// Whether restarts make residuals so slowly small that a larger space is cheaper.
bool is_slow(double before, double now, double target) { return now >= before || std::log(now / target) > kMostExpected * std::log(before / now); }

size_t in_blocks(size_t count, size_t size) { return std::min(size, (count + kBlock - 1) / kBlock * kBlock); }

}  // namespace

void leading_eigenvectors(const SymmetricMatrix& matrix, size_t count, unsigned threads, const std::atomic<bool>* cancelled, double* values,
                          double* vectors) {
  const size_t size = matrix.size;
  if (size <= kSmall) {
    const Eigenpairs pairs = symmetric_eigenpairs({matrix.data, matrix.data + size * size}, size);
    std::copy_n(pairs.values.data(), count, values);
    std::copy_n(pairs.vectors.data(), count * size, vectors);
    return;
  }
  size_t kept = in_blocks(count + std::max(kLeastSpare, count / kSparePart), size);
  size_t room = in_blocks(kept + std::max(kept, kLeastGrowth), size);
  KrylovSpace space(matrix, room, threads);
  double before = std::numeric_limits<double>::infinity();
  for (int restart = 1;; ++restart) {
    std::vector<double> all, residuals;
    space.grow(cancelled);
    if (*cancelled) return;
    space.keep_best(kept, all, residuals);
    std::copy_n(all.data(), count, values);
    const double greatest = std::max(std::abs(all.front()), std::abs(all.back()));
    const double worst = *std::max_element(residuals.data(), residuals.data() + count), target = kResidual * greatest;
    if (room == size || worst <= target) break;
    const bool must_grow = restart % kRestartsOfSize == 0;
    if (must_grow || is_slow(before, worst, target)) {
      if (must_grow || 2 * room <= kCheapRoom) space.enlarge(room = in_blocks(2 * room, size), all);
      kept = std::max(kept, in_blocks(std::min(2 * kept, room / 2), size));
    }
    before = worst;
  }
  std::copy_n(space.row(0), count * size, vectors);
}

}  // namespace merganser::clustering
