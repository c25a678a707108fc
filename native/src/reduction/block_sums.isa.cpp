#include "merganser/reduction/block_sums.hpp"

#include "merganser/reduction/token_blocks.hpp"
#include "merganser/simd/floats16.hpp"
#include "merganser/simd/numbers.hpp"

namespace merganser::reduction::MERGANSER_ISA_NS {
namespace {

using simd::MERGANSER_ISA_NS::all_of;
using simd::MERGANSER_ISA_NS::Floats16;
using simd::MERGANSER_ISA_NS::greater;
using simd::MERGANSER_ISA_NS::kNumbers;
using simd::MERGANSER_ISA_NS::load;
using simd::MERGANSER_ISA_NS::minus;
using simd::MERGANSER_ISA_NS::Numbers;
using simd::MERGANSER_ISA_NS::plus;

// Of kSums panels side by side.
template <size_t kSums>
MERGANSER_INLINE void sum_panels(const float* squares, const uint32_t* blocks, size_t panels, const uint32_t* places, const float* weights, size_t count, float* sums) {
  Floats16 all[kSums];
#pragma GCC unroll 4
  for (size_t i = 0; i < kSums; ++i) all[i] = Floats16::broadcast(0);
  for (size_t entry = 0; entry < count; ++entry) {
    const size_t row = places[entry] % kBlockSide * kBlockSide;
    const uint32_t* const own = blocks + places[entry] / kBlockSide * panels;
    const Floats16::Factor weight = Floats16::factor(weights[entry]);
#pragma GCC unroll 4
    for (size_t i = 0; i < kSums; ++i) all[i].add_product(weight, Floats16::load(squares + own[i] * kBlock + row));
  }
#pragma GCC unroll 4
  for (size_t i = 0; i < kSums; ++i) all[i].store(sums + i * kBlockSide);
}

}  // namespace

void sum_block_rows(const float* squares, const uint32_t* blocks, size_t panels, const uint32_t* places, const float* weights, size_t count, float* sums) {
  constexpr size_t kTogether = 4;
  size_t panel = 0;
  for (; panel + kTogether <= panels; panel += kTogether) sum_panels<kTogether>(squares, blocks + panel, panels, places, weights, count, sums + panel * kBlockSide);
  for (; panel < panels; ++panel) sum_panels<1>(squares, blocks + panel, panels, places, weights, count, sums + panel * kBlockSide);
}

void products_to_squares(float* products, const float* left, const float* right) {
  const Numbers zero = all_of(0);
  for (size_t row = 0; row < kBlockSide; ++row) {
    const Numbers own = all_of(left[row]);
    for (size_t at = 0; at < kBlockSide; at += kNumbers) {
      float* const some = products + row * kBlockSide + at;
      const Numbers product = load(some);
      simd::MERGANSER_ISA_NS::store(some, greater(minus(plus(own, load(right + at)), plus(product, product)), zero));
    }
  }
}

void add_to_blocks(const float* from, size_t from_stride, size_t blocks, float* to) {
  for (size_t row = 0; row < kBlockSide; ++row) {
    for (size_t block = 0; block < blocks; ++block) {
      float* const some = to + block * kBlock + row * kBlockSide;
      Floats16 sums = Floats16::load(some);
      sums.add(Floats16::load(from + row * from_stride + block * kBlockSide));
      sums.store(some);
    }
  }
}

}  // namespace merganser::reduction::MERGANSER_ISA_NS
