#include "merganser/text/byte_set.hpp"

#include "merganser/simd/intrinsics.hpp"

namespace merganser::text::MERGANSER_ISA_NS {

size_t find_in_set(const ByteSet& set, const uint8_t* text, size_t from, size_t size) {
#if defined(__AVX2__)
  const __m256i low = _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(set.low)));
  const __m256i high = _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(set.high)));
  const __m256i bit_of = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201ull));
  const __m256i half = _mm256_set1_epi8(15);
  for (; from + 32 <= size; from += 32) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + from));
    const __m256i at = _mm256_and_si256(bytes, half);
    const __m256i row = _mm256_blendv_epi8(_mm256_shuffle_epi8(low, at), _mm256_shuffle_epi8(high, at), bytes);
    const __m256i bit = _mm256_shuffle_epi8(bit_of, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half));
    const uint32_t found = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_and_si256(row, bit), bit)));
    if (found) return from + static_cast<uint32_t>(__builtin_ctz(found));
  }
#endif
  for (; from < size; ++from) {
    const uint8_t byte = text[from];
    if ((byte < 0x80 ? set.low : set.high)[byte & 15] >> (byte >> 4 & 7) & 1) return from;
  }
  return size;
}

}  // namespace merganser::text::MERGANSER_ISA_NS
