#include "merganser/reduction/softmax_rows.hpp"

#include <cmath>

#include "merganser/simd/floats16_exp2.hpp"

namespace merganser::reduction::MERGANSER_ISA_NS {
namespace {

using simd::MERGANSER_ISA_NS::Floats16;

constexpr size_t kLanes = 16;

// Calls each(at, sixteen numbers) for the row; behind its end there is `filling`.
template <typename Each>
MERGANSER_INLINE void each_sixteen(const float* row, size_t count, float filling, Each each) {
  size_t at = 0;
  for (; at + kLanes <= count; at += kLanes) each(at, Floats16::load(row + at), kLanes);
  if (at == count) return;
  alignas(64) float rest[kLanes];
  for (size_t i = 0; i < kLanes; ++i) rest[i] = at + i < count ? row[at + i] : filling;
  each(at, Floats16::load(rest), count - at);
}

MERGANSER_INLINE void store_some(const Floats16& numbers, float* to, size_t count) {
  if (count == kLanes) {
    numbers.store(to);
    return;
  }
  alignas(64) float lanes[kLanes];
  numbers.store(lanes);
  for (size_t i = 0; i < count; ++i) to[i] = lanes[i];
}

}  // namespace

void softmax_rows(const uint32_t* offsets, size_t rows, const float* squares, float rate, bool squared, float* weights) {
  const Floats16 factor = Floats16::broadcast(-rate);
  for (size_t row = 0; row < rows; ++row) {
    const float* const from = squares + offsets[row];
    float* const to = weights + offsets[row];
    const size_t count = offsets[row + 1] - offsets[row];
    float least = __builtin_huge_valf();
    for (size_t i = 0; i < count; ++i) least = from[i] < least ? from[i] : least;
    const Floats16 below = Floats16::broadcast(-least), zero = Floats16::broadcast(0);
    Floats16 sums = zero;
    each_sixteen(from, count, __builtin_huge_valf(), [&](size_t at, const Floats16& some, size_t size) MERGANSER_INLINE_LAMBDA {
      const Floats16 values = exp2_below(product_of(sum_of(some, below), factor), zero);
      sums = sum_of(sums, squared ? product_of(values, values) : values);
      store_some(values, to + at, size);
    });
    const float sum = total(sums);
    const Floats16 scale = Floats16::broadcast(1 / (squared ? ::sqrtf(sum) : sum));
    each_sixteen(to, count, 0, [&](size_t at, const Floats16& some, size_t size) MERGANSER_INLINE_LAMBDA { store_some(product_of(some, scale), to + at, size); });
  }
}

}  // namespace merganser::reduction::MERGANSER_ISA_NS
