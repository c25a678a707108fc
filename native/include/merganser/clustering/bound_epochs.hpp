// Lower bounds of distances, each with the pass it was found in: what has to be taken from it since then is how far the panel's centroids are now from where they were, which is less than the
// sum of their steps. The last bits of a bound tell its pass.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>

#include "merganser/simd/inline.hpp"
#if defined(MERGANSER_ISA_NS)
#include "merganser/simd/intrinsics.hpp"
#endif

namespace merganser::clustering {

// So many passes are told apart: as many as a register holds numbers.
constexpr size_t kEpochs = 16;
constexpr uint32_t kEpochBits = kEpochs - 1;
// Distances are rounded down by more than the pass in their last bits can raise them.
constexpr float kBelowEpoch = 1 - 3e-6f;

// What a bound is worth now. drifts: of the panel's centroids since each epoch, rounded up.
MERGANSER_INLINE float worth_now(float bound, const float* drifts) { return bound - drifts[std::bit_cast<uint32_t>(bound) & kEpochBits]; }

// A distance that is not negative, found in an epoch.
MERGANSER_INLINE float bound_of(float distance, uint32_t epoch) {
  return std::bit_cast<float>((std::bit_cast<uint32_t>(distance * kBelowEpoch) & ~kEpochBits) | epoch);
}

// The same for vectors. For kernels only (*.isa.cpp).
#if defined(MERGANSER_ISA_NS)
namespace MERGANSER_ISA_NS {
#if defined(__AVX512F__)
MERGANSER_INLINE __m512 all_worth_now(__m512 bounds, __m512 drifts) { return _mm512_sub_ps(bounds, _mm512_permutexvar_ps(_mm512_castps_si512(bounds), drifts)); }

MERGANSER_INLINE __m512 all_bounds_of(__m512 distances, uint32_t epoch) {
  const __m512i below = _mm512_castps_si512(_mm512_mul_ps(distances, _mm512_set1_ps(kBelowEpoch)));
  const __m512i kept = _mm512_andnot_si512(_mm512_set1_epi32(static_cast<int>(kEpochBits)), below);
  return _mm512_castsi512_ps(_mm512_or_si512(kept, _mm512_set1_epi32(static_cast<int>(epoch))));
}
#endif
#if defined(__AVX2__)
struct Drifts8 {
  MERGANSER_INLINE explicit Drifts8(const float* drifts) : early(_mm256_loadu_ps(drifts)), late(_mm256_loadu_ps(drifts + 8)) {}
  MERGANSER_INLINE __m256 worth_now(__m256 bounds) const {
    const __m256i bits = _mm256_castps_si256(bounds);
    const __m256 is_late = _mm256_castsi256_ps(_mm256_slli_epi32(bits, 28));
    return _mm256_sub_ps(bounds, _mm256_blendv_ps(_mm256_permutevar8x32_ps(early, bits), _mm256_permutevar8x32_ps(late, bits), is_late));
  }
  __m256 early, late;
};

MERGANSER_INLINE __m256 all_bounds_of(__m256 distances, uint32_t epoch) {
  const __m256i below = _mm256_castps_si256(_mm256_mul_ps(distances, _mm256_set1_ps(kBelowEpoch)));
  const __m256i kept = _mm256_andnot_si256(_mm256_set1_epi32(static_cast<int>(kEpochBits)), below);
  return _mm256_castsi256_ps(_mm256_or_si256(kept, _mm256_set1_epi32(static_cast<int>(epoch))));
}
#endif
}  // namespace MERGANSER_ISA_NS
#endif

}  // namespace merganser::clustering
