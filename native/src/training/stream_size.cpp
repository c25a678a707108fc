#include "merganser/training/stream_size.hpp"

#include <bit>

namespace merganser::training {
namespace {

template <typename Use>
void each_byte(uint32_t id, Use use) {
  for (; id >= 128; id >>= 7) use(static_cast<uint8_t>(id | 128));
  use(static_cast<uint8_t>(id));
}

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
  each_byte(id, [&](uint8_t byte) {
    counts_[byte] += occurrences;
    total_ += occurrences;
  });
}

double StreamSize::change(uint32_t left, uint32_t right, uint32_t product, int64_t occurrences) const {
  struct Change {
    uint8_t byte;
    int64_t count;
  };
  Change changes[15];
  uint32_t size = 0;
  int64_t total = total_;
  const auto note = [&](uint32_t id, int64_t count) {
    each_byte(id, [&](uint8_t byte) {
      total += count;
      uint32_t i = 0;
      while (i < size && changes[i].byte != byte) ++i;
      if (i == size) changes[size++] = {byte, 0};
      changes[i].count += count;
    });
  };
  note(left, -occurrences);
  note(right, -occurrences);
  note(product, occurrences);
  double bits = weight(total) - weight(total_);
  for (uint32_t i = 0; i < size; ++i) {
    const int64_t count = counts_[changes[i].byte];
    bits -= weight(count + changes[i].count) - weight(count);
  }
  return bits;
}

}  // namespace merganser::training
