// What a row's candidates and the floor of its scores become with another panel. For kernels only (*.isa.cpp).
#pragma once
#include <bit>

#include "merganser/clustering/byte_tile.hpp"
#include "merganser/reduction/byte_candidates.hpp"

namespace merganser::reduction::MERGANSER_ISA_NS {

using namespace clustering::MERGANSER_ISA_NS;
using clustering::BytePanels;
using clustering::ByteRows;
using clustering::kPanel;

// The greatest of `floor` and what each score is at least.
MERGANSER_INLINE float raised(float floor, const Floats16& scores, const Floats16& highest) {
#if defined(__AVX512F__)
  const __m512 lowest = _mm512_sub_ps(scores.all, _mm512_sub_ps(highest.all, scores.all)), before = _mm512_set1_ps(floor);
  const __mmask16 higher = _mm512_cmp_ps_mask(lowest, before, _CMP_GT_OQ);
  return _mm512_reduce_max_ps(_mm512_mask_mov_ps(before, higher, lowest));
#elif defined(__AVX2__)
  const auto lowest = [](__m256 score, __m256 most) MERGANSER_INLINE_LAMBDA { return _mm256_sub_ps(score, _mm256_sub_ps(most, score)); };
  // What is no number leaves the floor.
  const __m256 before = _mm256_set1_ps(floor);
  const __m256 all = _mm256_max_ps(_mm256_max_ps(lowest(scores.low, highest.low), before), _mm256_max_ps(lowest(scores.high, highest.high), before));
  __m128 four = _mm_max_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1));
  four = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(four, _mm_movehdup_ps(four)));
#else
  alignas(64) float score[kPanel], most[kPanel];
  scores.store(score);
  highest.store(most);
  for (size_t lane = 0; lane < kPanel; ++lane) {
    const float lowest = score[lane] - (most[lane] - score[lane]);
    if (lowest > floor) floor = lowest;
  }
  return floor;
#endif
}

MERGANSER_INLINE void leave_out_lower(Candidates& of, float floor) {
  uint32_t left = 0;
  for (uint32_t i = 0; i < of.count; ++i) {
    if (of.highest[i] < floor) continue;
    of.slots[left] = of.slots[i];
    of.highest[left++] = of.highest[i];
  }
  of.count = left;
}

// Some of these scores may be the greatest.
MERGANSER_INLINE void take(const Floats16& scores, const Floats16& highest, size_t panel, Candidates& of, float& floor) {
  floor = raised(floor, scores, highest);
  if (of.count > Candidates::kMost) return;
#if defined(__AVX512F__)
  // Without a loop: nobody can tell how often it would run.
  const auto left = static_cast<__mmask16>(not_less(highest, floor));
  const auto count = static_cast<uint32_t>(std::popcount(static_cast<unsigned>(left)));
  if (of.count + count > Candidates::kMost) leave_out_lower(of, floor);
  if (of.count + count > Candidates::kMost) {
    of.count = Candidates::kMost + 1;
    return;
  }
  const auto room = static_cast<__mmask16>((1u << count) - 1);
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i slots = _mm512_add_epi32(lanes, _mm512_set1_epi32(static_cast<int>(panel * kPanel)));
  _mm512_mask_storeu_epi32(of.slots + of.count, room, _mm512_maskz_compress_epi32(left, slots));
  _mm512_mask_storeu_ps(of.highest + of.count, room, _mm512_maskz_compress_ps(left, highest.all));
  of.count += count;
#else
  alignas(64) float most[kPanel];
  highest.store(most);
  for (unsigned left = not_less(highest, floor); left; left &= left - 1) {
    const size_t lane = static_cast<size_t>(std::countr_zero(left));
    if (of.count == Candidates::kMost) leave_out_lower(of, floor);
    if (of.count == Candidates::kMost) {
      of.count = Candidates::kMost + 1;
      return;
    }
    of.slots[of.count] = static_cast<uint32_t>(panel * kPanel + lane);
    of.highest[of.count++] = most[lane];
  }
#endif
}

// What scores of a row and a panel are at most.
MERGANSER_INLINE Floats16 highest_scores(const ByteRows& rows, const ByteMargins& margins, size_t row, size_t panel, const Floats16& scores) {
  const size_t slot = panel * kPanel;
  Floats16 highest = Floats16::load(margins.rest + slot);
  highest.add_product(Floats16::factor(rows.lengths[row]), Floats16::load(margins.errors + slot));
  highest.add_product(Floats16::factor(rows.errors[row]), Floats16::load(margins.lengths + slot));
  highest.add_product(Floats16::factor(1), scores);
  return highest;
}

// A row and a panel whose scores may matter.
MERGANSER_INLINE void look_at(const ByteRows& rows, const ByteMargins& margins, size_t row, size_t panel, const Floats16& scores, Candidates* candidates, float* floors) {
  const Floats16 highest = highest_scores(rows, margins, row, panel, scores);
  if (not_less(highest, floors[row])) take(scores, highest, panel, candidates[row], floors[row]);
}

}  // namespace merganser::reduction::MERGANSER_ISA_NS
