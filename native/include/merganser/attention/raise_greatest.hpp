// Running sums of a query whose greatest logit rises. For kernels only (*.isa.cpp).
#pragma once
#include "merganser/attention/attend_rows.hpp"
#include "merganser/simd/floats16_exp2.hpp"

namespace merganser::attention::MERGANSER_ISA_NS {

// The query has seen a logit that is greater than all before: what it has summed up becomes relative to that. room: of its row of sums, a multiple of 16.
MERGANSER_INLINE void raise_greatest(const Running& running, size_t query, float greatest, size_t room) {
  using simd::MERGANSER_ISA_NS::Floats16;
  const Floats16 factor = simd::MERGANSER_ISA_NS::exp2_below(Floats16::broadcast(running.greatest[query]), Floats16::broadcast(greatest));
  running.greatest[query] = greatest;
  float first[16];
  factor.store(first);
  running.sums[query] *= first[0];
  float* const out = running.out + query * running.out_stride;
  for (size_t i = 0; i < room; i += 16) product_of(Floats16::load(out + i), factor).store(out + i);
}

}  // namespace merganser::attention::MERGANSER_ISA_NS
