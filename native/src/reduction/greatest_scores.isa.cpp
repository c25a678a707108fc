#include "merganser/reduction/greatest_scores.hpp"

#include <bit>

#include "merganser/simd/inline.hpp"
#include "merganser/simd/intrinsics.hpp"

namespace merganser::reduction::MERGANSER_ISA_NS {
namespace {

constexpr size_t kLanes = 16;
constexpr float kLowest = -3e38f;

// Bit i: number i is greater than `least`.
MERGANSER_INLINE unsigned above(const float* numbers, float least) {
#if defined(__AVX512F__)
  return _mm512_cmp_ps_mask(_mm512_loadu_ps(numbers), _mm512_set1_ps(least), _CMP_GT_OQ);
#elif defined(__AVX2__)
  const __m256 all = _mm256_set1_ps(least);
  return static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(numbers), all, _CMP_GT_OQ)) |
                               _mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(numbers + 8), all, _CMP_GT_OQ)) << 8);
#else
  unsigned bits = 0;
  for (size_t i = 0; i < kLanes; ++i) bits |= static_cast<unsigned>(numbers[i] > least) << i;
  return bits;
#endif
}

}  // namespace

// Of the greatest score of each lane: there are as many others at least as great.
float floor_of_greatest(const float* scores, size_t count, const float* ranks, float rank, size_t few) {
  float most[kLanes];
  for (float& lane : most) lane = kLowest;
  for (size_t at = 0; at < count; at += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const float score = !ranks || ranks[at + lane] < rank ? scores[at + lane] : kLowest;
      most[lane] = score > most[lane] ? score : most[lane];
    }
  }
  float greatest = kLowest;
  // Each time the greatest of those that are left: one lane goes.
  for (size_t i = 0; i < few; ++i) {
    size_t lane = 0;
    for (size_t other = 1; other < kLanes; ++other) lane = most[other] > most[lane] ? other : lane;
    greatest = most[lane];
    most[lane] = kLowest;
  }
  return greatest;
}

size_t take_above(const float* scores, size_t count, const float* ranks, float rank, float threshold, uint32_t first_column, uint32_t* columns, float* values, size_t size) {
  for (size_t at = 0; at < count; at += kLanes) {
    for (unsigned left = above(scores + at, threshold); left; left &= left - 1) {
      const size_t i = at + static_cast<size_t>(std::countr_zero(left));
      if (ranks && !(ranks[i] < rank)) continue;
      columns[size] = first_column + static_cast<uint32_t>(i);
      values[size++] = scores[i];
    }
  }
  return size;
}

}  // namespace merganser::reduction::MERGANSER_ISA_NS
