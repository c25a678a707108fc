#include "merganser/training/stream_size.hpp"

#include <bit>

namespace merganser::training {
namespace {

// n log2 n, by the series of the inverse hyperbolic tangent.
double weight(int64_t n) {
  if (n <= 0) return 0;
  int exponent = std::bit_width(static_cast<uint64_t>(n)) - 1;
  double x = static_cast<double>(n) / static_cast<double>(uint64_t{1} << exponent);
  if (x > 1.5) {
    x /= 2;
    ++exponent;
  }
  const double z = (x - 1) / (x + 1), square = z * z;
  double sum = 0;
  for (int k = 19; k >= 1; k -= 2) sum = sum * square + 1.0 / k;
  return static_cast<double>(n) * (exponent + z * sum * 2.8853900817779268);
}

}  // namespace

void StreamSize::add(uint32_t id, int64_t occurrences) {
  if (id >= counts_.size()) counts_.resize(std::size_t{id} + 1);
  counts_[id] += occurrences;
  total_ += occurrences;
}

double StreamSize::change(uint32_t left, uint32_t right, uint32_t product, int64_t occurrences) const {
  const auto weight_of = [&](uint32_t id, int64_t change) {
    const int64_t count = id < counts_.size() ? counts_[id] : 0;
    return weight(count + change) - weight(count);
  };
  double bits = weight(total_ - occurrences) - weight(total_) - weight_of(product, occurrences);
  if (left == right) return bits - weight_of(left, -2 * occurrences);
  return bits - weight_of(left, -occurrences) - weight_of(right, -occurrences);
}

}  // namespace merganser::training
