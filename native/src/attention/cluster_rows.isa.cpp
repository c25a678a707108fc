#include "merganser/attention/cluster_rows.hpp"

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace merganser::attention::MERGANSER_ISA_NS {

size_t clusters_above(const float* scores, const uint32_t* offsets, size_t count, float limit, uint32_t* chosen) {
  size_t found = 0, first = 0;
#if defined(__AVX512F__)
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  for (; first + 16 <= count; first += 16) {
    const __mmask16 above = _mm512_cmp_ps_mask(_mm512_loadu_ps(scores + first), _mm512_set1_ps(limit), _CMP_GT_OQ);
    if (above == 0) continue;
    const __mmask16 taken = _mm512_mask_cmpgt_epu32_mask(above, _mm512_loadu_si512(offsets + first + 1), _mm512_loadu_si512(offsets + first));
    const unsigned some = static_cast<unsigned>(_mm_popcnt_u32(taken));
    const __m512i clusters = _mm512_maskz_compress_epi32(taken, _mm512_add_epi32(lanes, _mm512_set1_epi32(static_cast<int>(first))));
    _mm512_mask_storeu_epi32(chosen + found, static_cast<__mmask16>((1u << some) - 1), clusters);
    found += some;
  }
#endif
  for (; first < count; ++first) {
    if (!(scores[first] > limit) || offsets[first + 1] <= offsets[first]) continue;
    chosen[found++] = static_cast<uint32_t>(first);
  }
  return found;
}

void rows_of_clusters(const uint32_t* offsets, const uint32_t* chosen, size_t count, uint32_t* rows) {
  for (size_t i = 0; i < count; ++i) {
    const uint32_t begin = offsets[chosen[i]], size = offsets[chosen[i] + 1] - begin;
    // Some at once, whether there are so many or not: what is too much is overwritten.
    for (uint32_t done = 0; done < size; done += kRowsAtOnce) {
      for (uint32_t j = 0; j < kRowsAtOnce; ++j) rows[done + j] = begin + done + j;
    }
    rows += size;
  }
}

void rows_in_turns(const uint32_t* rows, size_t count, uint32_t* turns) {
  const size_t each = count / kPlaces;
  for (size_t i = 0; i < each; ++i, turns += kPlaces) {
    for (size_t place = 0; place < kPlaces; ++place) turns[place] = rows[place * each + i];
  }
  for (size_t i = kPlaces * each; i < count; ++i) *turns++ = rows[i];
}

}  // namespace merganser::attention::MERGANSER_ISA_NS
