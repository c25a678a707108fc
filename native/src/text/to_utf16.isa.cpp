// ASCII widens a vector at a time. With AVX-512 so does what has two or three bytes a character: every byte is taken for the beginning of one, 16 at a time, and
// the lanes that are none are dropped. Which bytes must continue a character follows from those that begin one, so that malformed bytes are found by
// comparing masks. Characters of four bytes, and whatever is malformed, are left to a loop over characters.
#include "merganser/simd/inline.hpp"
#include "merganser/simd/intrinsics.hpp"
#include "merganser/text/utf16.hpp"

namespace merganser::text::MERGANSER_ISA_NS {
namespace {

// Characters that are taken one by one before vectors are tried again.
constexpr int kOneByOne = 16;

MERGANSER_INLINE bool continues(uint8_t byte) { return (byte & 0xC0) == 0x80; }

// The character at `at`, one above 0x7F, which moves behind it; false if it is malformed.
MERGANSER_INLINE bool take_character(const uint8_t*& at, const uint8_t* end, char16_t*& out) {
  const ptrdiff_t left = end - at;
  const uint32_t lead = at[0];
  if (lead >= 0xE0 && lead < 0xF0) {
    if (left < 3 || !continues(at[1]) || !continues(at[2])) return false;
    const uint32_t point = ((lead & 0x0F) << 12) | ((at[1] & 0x3Fu) << 6) | (at[2] & 0x3Fu);
    if (point < 0x800 || (point & 0xF800) == 0xD800) return false;
    *out++ = static_cast<char16_t>(point);
    at += 3;
    return true;
  }
  if (lead >= 0xC2 && lead < 0xE0) {
    if (left < 2 || !continues(at[1])) return false;
    *out++ = static_cast<char16_t>(((lead & 0x1F) << 6) | (at[1] & 0x3Fu));
    at += 2;
    return true;
  }
  if (lead < 0xF0 || left < 4 || !continues(at[1]) || !continues(at[2]) || !continues(at[3])) return false;
  const uint32_t point = ((lead & 0x07) << 18) | ((at[1] & 0x3Fu) << 12) | ((at[2] & 0x3Fu) << 6) | (at[3] & 0x3Fu);
  if (lead > 0xF4 || point < 0x10000 || point > 0x10FFFF) return false;
  *out++ = static_cast<char16_t>(0xD7C0 + (point >> 10));
  *out++ = static_cast<char16_t>(0xDC00 | (point & 0x3FF));
  at += 4;
  return true;
}

#if defined(__AVX512BW__)

constexpr ptrdiff_t kVector = 32;

MERGANSER_INLINE __m512i lanes(const uint8_t* at) { return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))); }

// Characters of up to three bytes that begin in the next 16 bytes, of which the first begins one; false where there are others.
MERGANSER_INLINE bool take_vector(const uint8_t*& at, char16_t*& out) {
  const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
  const uint32_t continuing = _mm256_cmplt_epi8_mask(bytes, _mm256_set1_epi8(-64));
  const uint32_t two = _mm256_cmpge_epu8_mask(bytes, _mm256_set1_epi8(static_cast<char>(0xC0))) & 0xFFFF;
  const uint32_t three = _mm256_cmpge_epu8_mask(bytes, _mm256_set1_epi8(static_cast<char>(0xE0))) & 0xFFFF;
  const uint32_t four = _mm256_cmpge_epu8_mask(bytes, _mm256_set1_epi8(static_cast<char>(0xF0))) & 0xFFFF;
  const uint32_t expected = two << 1 | three << 2;
  if (four | ((expected ^ continuing) & 0xFFFF) | (expected & ~continuing)) return false;

  const __m512i first = lanes(at), bits = _mm512_set1_epi32(0x3F);
  const __m512i second = _mm512_and_si512(lanes(at + 1), bits), third = _mm512_and_si512(lanes(at + 2), bits);
  const __m512i of_two = _mm512_or_si512(_mm512_slli_epi32(_mm512_and_si512(first, _mm512_set1_epi32(0x1F)), 6), second);
  const __m512i of_three = _mm512_or_si512(_mm512_or_si512(_mm512_slli_epi32(_mm512_and_si512(first, _mm512_set1_epi32(0x0F)), 12), _mm512_slli_epi32(second, 6)), third);
  const __mmask16 long_ones = static_cast<__mmask16>(three), short_ones = static_cast<__mmask16>(two & ~three);
  const __m512i points = _mm512_mask_mov_epi32(_mm512_mask_mov_epi32(first, short_ones, of_two), long_ones, of_three);
  // Overlong forms and surrogates.
  const uint32_t wrong = _mm512_mask_cmplt_epu32_mask(short_ones, points, _mm512_set1_epi32(0x80)) | _mm512_mask_cmplt_epu32_mask(long_ones, points, _mm512_set1_epi32(0x800)) |
                         _mm512_mask_cmpeq_epi32_mask(long_ones, _mm512_and_si512(points, _mm512_set1_epi32(0xF800)), _mm512_set1_epi32(0xD800));
  if (wrong) return false;
  const uint32_t begin = ~continuing & 0xFFFF;
  const __m512i characters = _mm512_maskz_compress_epi32(static_cast<__mmask16>(begin), points);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm512_cvtepi32_epi16(characters));
  out += __builtin_popcount(begin);
  at += 16 + __builtin_popcount(expected >> 16);
  return true;
}

MERGANSER_INLINE bool is_ascii(const uint8_t* at) { return _mm256_movemask_epi8(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at))) == 0; }

MERGANSER_INLINE void take_vectors(const uint8_t*& at, const uint8_t* end, char16_t*& out) {
  while (end - at >= kVector) {
    if (is_ascii(at)) {
      _mm512_storeu_si512(out, _mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at))));
      at += kVector;
      out += kVector;
    } else if (!take_vector(at, out)) {
      return;
    }
  }
}

#else

constexpr ptrdiff_t kVector = 16;

MERGANSER_INLINE bool is_ascii(const uint8_t* at) {
  uint64_t words[2];
  __builtin_memcpy(words, at, kVector);
  return ((words[0] | words[1]) & 0x8080808080808080) == 0;
}

MERGANSER_INLINE void take_vectors(const uint8_t*& at, const uint8_t* end, char16_t*& out) {
  while (end - at >= kVector && is_ascii(at)) {
    for (ptrdiff_t i = 0; i < kVector; ++i) out[i] = at[i];
    at += kVector;
    out += kVector;
  }
}

#endif

}  // namespace

size_t to_utf16(const uint8_t* text, size_t size, char16_t* out) {
  const char16_t* const begin = out;
  const uint8_t *at = text, *const end = text + size;
  while (at < end) {
    take_vectors(at, end, out);
    for (int i = 0; i < kOneByOne && at < end; ++i) {
      if (*at < 0x80) {
        *out++ = *at++;
      } else if (!take_character(at, end, out)) {
        return kMalformed;
      }
    }
  }
  return static_cast<size_t>(out - begin);
}

}  // namespace merganser::text::MERGANSER_ISA_NS
