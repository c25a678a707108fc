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

// Rows whose sums are in registers, and panels that each of their numbers is multiplied with: two, or there would be more loads than multiply-adds.
#if defined(__AVX512F__)
constexpr size_t kRows = 8, kPanelsTogether = 2;
#else
constexpr size_t kRows = 4, kPanelsTogether = 1;
#endif

template <size_t kPanels>
MERGANSER_INLINE void add_products_of(const float* rows, const float* const* columns, size_t dims, float* products) {
  for (size_t first = 0; first < kBlockSide; first += kRows) {
    Floats16 sums[kPanels][kRows];
#pragma GCC unroll 2
    for (size_t p = 0; p < kPanels; ++p) {
#pragma GCC unroll 8
      for (size_t row = 0; row < kRows; ++row) sums[p][row] = Floats16::load(products + p * kBlock + (first + row) * kBlockSide);
    }
    for (size_t dim = 0; dim < dims; ++dim) {
      Floats16 numbers[kPanels];
#pragma GCC unroll 2
      for (size_t p = 0; p < kPanels; ++p) {
        numbers[p] = Floats16::load(columns[p] + dim * kBlockSide);
        numbers[p].keep_loaded();
      }
#pragma GCC unroll 8
      for (size_t row = 0; row < kRows; ++row) {
        const Floats16::Factor factor = Floats16::factor(rows[dim * kBlockSide + first + row]);
#pragma GCC unroll 2
        for (size_t p = 0; p < kPanels; ++p) sums[p][row].add_product(factor, numbers[p]);
      }
    }
#pragma GCC unroll 2
    for (size_t p = 0; p < kPanels; ++p) {
#pragma GCC unroll 8
      for (size_t row = 0; row < kRows; ++row) sums[p][row].store(products + p * kBlock + (first + row) * kBlockSide);
    }
  }
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

void add_block_products(const float* rows, const float* const* columns, size_t blocks, size_t dims, float* products) {
  size_t block = 0;
  for (; block + kPanelsTogether <= blocks; block += kPanelsTogether) add_products_of<kPanelsTogether>(rows, columns + block, dims, products + block * kBlock);
  for (; block < blocks; ++block) add_products_of<1>(rows, columns + block, dims, products + block * kBlock);
}

}  // namespace merganser::reduction::MERGANSER_ISA_NS
