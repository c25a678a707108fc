// With AVX-512 eight places at a time, without a branch; else from one set bit to the next.
#include "merganser/io/expand_words.hpp"
#include "merganser/simd/intrinsics.hpp"

namespace merganser::io::MERGANSER_ISA_NS {

void expand_words(const uint8_t* bits, size_t count, const uint8_t* present, uint64_t* words) {
  for (size_t i = 0; i < count; i += 8) {
    const uint32_t live = bits[i / 8];
#if defined(__AVX512F__)
    const __mmask8 places = static_cast<__mmask8>(live);
    _mm512_mask_storeu_epi64(words + i, places, _mm512_maskz_expandloadu_epi64(places, present));
    present += 8 * __builtin_popcount(live);
#else
    for (uint32_t rest = live; rest != 0; rest &= rest - 1, present += 8) __builtin_memcpy(words + i + __builtin_ctz(rest), present, 8);
#endif
  }
}

}  // namespace merganser::io::MERGANSER_ISA_NS
