#include "merganser/simd/compiled_name.hpp"

namespace merganser::MERGANSER_ISA_NS {

const char* compiled_name() {
#if defined(__AVX512VL__)
  return "avx512";
#elif defined(__AVX2__)
  return "avx2";
#elif defined(MERGANSER_ISA_NEON) && (defined(__ARM_NEON) || defined(_M_ARM64))
  return "neon";
#else
  return "scalar";
#endif
}

}  // namespace merganser::MERGANSER_ISA_NS
