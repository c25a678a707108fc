#include "merganser/reduction/greatest_scores.hpp"

#include <bit>

#include "merganser/simd/floats16.hpp"
#include "merganser/simd/inline.hpp"
#include "merganser/simd/intrinsics.hpp"

namespace merganser::reduction::MERGANSER_ISA_NS {
namespace {

using simd::MERGANSER_ISA_NS::Floats16;

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

// A number that at least `few` scores are not below, and at most `most`; if no such number is found, of more than those.
MERGANSER_INLINE float floor_between(const float* scores, size_t count, size_t few, size_t most) {
  constexpr int kTurns = 40;
  float low = scores[0], high = scores[0];
  for (size_t i = 0; i < count; ++i) {
    low = scores[i] < low ? scores[i] : low;
    high = scores[i] > high ? scores[i] : high;
  }
  for (int turn = 0; turn < kTurns; ++turn) {
    const float middle = low + (high - low) * .5f;
    uint32_t found = 0;
    for (size_t i = 0; i < count; ++i) found += scores[i] >= middle;
    if (found < few) {
      high = middle;
    } else {
      low = middle;
      if (found <= most) break;
    }
  }
  return low;
}

// Bit i: number i is not less than `least`.
MERGANSER_INLINE unsigned not_below(const float* numbers, float least) {
#if defined(__AVX512F__)
  return _mm512_cmp_ps_mask(_mm512_loadu_ps(numbers), _mm512_set1_ps(least), _CMP_GE_OQ);
#elif defined(__AVX2__)
  const __m256 all = _mm256_set1_ps(least);
  return static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(numbers), all, _CMP_GE_OQ)) |
                               _mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(numbers + 8), all, _CMP_GE_OQ)) << 8);
#else
  unsigned bits = 0;
  for (size_t i = 0; i < kLanes; ++i) bits |= static_cast<unsigned>(numbers[i] >= least) << i;
  return bits;
#endif
}

}  // namespace

bool greatest_of_row(const float* scores, size_t count, size_t few, uint32_t* places, float* values) {
  constexpr size_t kRoom = 3 * kLanes;
  const float floor = floor_between(scores, count, few, kRoom);
  alignas(64) float near[kRoom];
  uint32_t columns[kRoom];
  for (float& each : near) each = kLowest;
  size_t size = 0;
  const auto take = [&](size_t i) MERGANSER_INLINE_LAMBDA {
    if (size < kRoom) near[size] = scores[i], columns[size] = static_cast<uint32_t>(i);
    ++size;
  };
  size_t at = 0;
  for (; at + kLanes <= count; at += kLanes) {
    for (unsigned left = not_below(scores + at, floor); left; left &= left - 1) take(at + static_cast<size_t>(std::countr_zero(left)));
  }
  for (; at < count; ++at) {
    if (scores[at] >= floor) take(at);
  }
  if (size > kRoom) return false;
  for (size_t i = 0; i < size; ++i) {
    // Those that come before it; of equal ones the first ones do.
    uint32_t rank = 0;
    for (size_t other = 0; other < kRoom; ++other) rank += near[other] > near[i];
    for (size_t other = 0; other < i; ++other) rank += near[other] == near[i];
    if (rank < few) places[rank] = columns[i], values[rank] = near[i];
  }
  return true;
}

// Of the greatest score of each lane in each quarter: there are as many others at least as great. Tokens that are alike often stand next to each other, or at equal distances: the more places there are, the fewer of
// them share one.
float floor_of_greatest(const float* scores, size_t count, const float* ranks, float rank, size_t few) {
  constexpr size_t kQuarters = 4, kPlaces = kQuarters * kLanes;
  alignas(64) float most[kPlaces];
  for (size_t quarter = 0; quarter < kQuarters; ++quarter) {
    const size_t first = quarter * (count / kQuarters), end = first + count / kQuarters;
    Floats16 lanes = Floats16::broadcast(kLowest);
    for (size_t at = first; at < end; at += kLanes) {
      alignas(64) float some[kLanes];
      if (ranks) {
        for (size_t lane = 0; lane < kLanes; ++lane) some[lane] = ranks[at + lane] < rank ? scores[at + lane] : kLowest;
      }
      lanes.take_greater(Floats16::load(ranks ? some : scores + at));
    }
    lanes.store(most + quarter * kLanes);
  }
  float greatest = kLowest;
  // Each time the greatest of those that are left: all places that have it go.
  for (size_t i = 0; i < few;) {
    Floats16 lanes = Floats16::load(most);
    for (size_t at = kLanes; at < kPlaces; at += kLanes) lanes.take_greater(Floats16::load(most + at));
    greatest = lanes.greatest();
    if (!(greatest > kLowest)) return kLowest;
    uint32_t gone = 0;
    for (float& place : most) {
      gone += place == greatest;
      place = place == greatest ? kLowest : place;
    }
    i += gone;
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
