// 64 bytes of text at a time, as 64-bit masks: bit i says something of byte i.
#pragma once
#include <cstdint>

#include "merganser/simd/inline.hpp"
#include "merganser/simd/intrinsics.hpp"

namespace merganser::simd::MERGANSER_ISA_NS {

#if defined(__AVX512BW__)

class Block64 {
 public:
  MERGANSER_INLINE explicit Block64(const uint8_t* text) : bytes_(_mm512_loadu_si512(text)) {}
  MERGANSER_INLINE uint64_t equal(char c) const { return _mm512_cmpeq_epi8_mask(bytes_, _mm512_set1_epi8(c)); }
  // first <= byte < first + count
  MERGANSER_INLINE uint64_t within(char first, char count) const {
    return _mm512_cmplt_epu8_mask(_mm512_sub_epi8(bytes_, _mm512_set1_epi8(first)), _mm512_set1_epi8(count));
  }
  MERGANSER_INLINE uint64_t letters() const {
    const __m512i lower = _mm512_or_si512(bytes_, _mm512_set1_epi8(0x20));
    return _mm512_cmplt_epu8_mask(_mm512_sub_epi8(lower, _mm512_set1_epi8('a')), _mm512_set1_epi8(26));
  }
  MERGANSER_INLINE uint64_t not_ascii() const { return _mm512_movepi8_mask(bytes_); }
  MERGANSER_INLINE uint64_t odd() const { return _mm512_test_epi8_mask(bytes_, _mm512_set1_epi8(1)); }

 private:
  __m512i bytes_;
};

#elif defined(__AVX2__)

class Block64 {
 public:
  MERGANSER_INLINE explicit Block64(const uint8_t* text)
      : low_(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(text))), high_(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + 32))) {}
  MERGANSER_INLINE uint64_t equal(char c) const {
    const __m256i wanted = _mm256_set1_epi8(c);
    return mask(_mm256_cmpeq_epi8(low_, wanted), _mm256_cmpeq_epi8(high_, wanted));
  }
  // first <= byte < first + count; there is no unsigned comparison, so the range is moved to the bottom of the signed numbers
  MERGANSER_INLINE uint64_t within(char first, char count) const { return mask(below(low_, first, count), below(high_, first, count)); }
  MERGANSER_INLINE uint64_t letters() const {
    const __m256i bit = _mm256_set1_epi8(0x20);
    return mask(below(_mm256_or_si256(low_, bit), 'a', 26), below(_mm256_or_si256(high_, bit), 'a', 26));
  }
  MERGANSER_INLINE uint64_t not_ascii() const { return mask(low_, high_); }
  MERGANSER_INLINE uint64_t odd() const { return mask(_mm256_slli_epi16(low_, 7), _mm256_slli_epi16(high_, 7)); }

 private:
  MERGANSER_INLINE static __m256i below(__m256i bytes, char first, char count) {
    return _mm256_cmpgt_epi8(_mm256_set1_epi8(static_cast<char>(-128 + count)), _mm256_add_epi8(bytes, _mm256_set1_epi8(static_cast<char>(-128 - first))));
  }
  MERGANSER_INLINE static uint64_t mask(__m256i low, __m256i high) {
    return static_cast<uint32_t>(_mm256_movemask_epi8(low)) | static_cast<uint64_t>(static_cast<uint32_t>(_mm256_movemask_epi8(high))) << 32;
  }
  __m256i low_, high_;
};

#elif defined(__ARM_NEON)

class Block64 {
 public:
  MERGANSER_INLINE explicit Block64(const uint8_t* text) : bytes_{vld1q_u8(text), vld1q_u8(text + 16), vld1q_u8(text + 32), vld1q_u8(text + 48)} {}
  MERGANSER_INLINE uint64_t equal(char c) const {
    return mask([&](uint8x16_t bytes) { return vceqq_u8(bytes, vdupq_n_u8(static_cast<uint8_t>(c))); });
  }
  MERGANSER_INLINE uint64_t within(char first, char count) const {
    return mask([&](uint8x16_t bytes) { return below(bytes, first, count); });
  }
  MERGANSER_INLINE uint64_t letters() const {
    return mask([](uint8x16_t bytes) { return below(vorrq_u8(bytes, vdupq_n_u8(0x20)), 'a', 26); });
  }
  MERGANSER_INLINE uint64_t not_ascii() const {
    return mask([](uint8x16_t bytes) { return vcgeq_u8(bytes, vdupq_n_u8(0x80)); });
  }
  MERGANSER_INLINE uint64_t odd() const {
    return mask([](uint8x16_t bytes) { return vtstq_u8(bytes, vdupq_n_u8(1)); });
  }

 private:
  MERGANSER_INLINE static uint8x16_t below(uint8x16_t bytes, char first, char count) {
    return vcltq_u8(vsubq_u8(bytes, vdupq_n_u8(static_cast<uint8_t>(first))), vdupq_n_u8(static_cast<uint8_t>(count)));
  }
  template <typename Test>
  MERGANSER_INLINE uint64_t mask(Test test) const {
    // Each byte keeps the bit of its place; neighbours are added three times, which gathers eight bytes into one.
    const uint8x16_t place = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t ab = vpaddq_u8(vandq_u8(test(bytes_[0]), place), vandq_u8(test(bytes_[1]), place));
    const uint8x16_t cd = vpaddq_u8(vandq_u8(test(bytes_[2]), place), vandq_u8(test(bytes_[3]), place));
    const uint8x16_t all = vpaddq_u8(ab, cd);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(all, all)), 0);
  }
  uint8x16_t bytes_[4];
};

#else

class Block64 {
 public:
  MERGANSER_INLINE explicit Block64(const uint8_t* text) : text_(text) {}
  MERGANSER_INLINE uint64_t equal(char c) const {
    return mask([&](uint8_t byte) { return byte == static_cast<uint8_t>(c); });
  }
  MERGANSER_INLINE uint64_t within(char first, char count) const {
    return mask([&](uint8_t byte) { return static_cast<uint8_t>(byte - first) < static_cast<uint8_t>(count); });
  }
  MERGANSER_INLINE uint64_t letters() const {
    return mask([](uint8_t byte) { return static_cast<uint8_t>((byte | 0x20) - 'a') < 26; });
  }
  MERGANSER_INLINE uint64_t not_ascii() const {
    return mask([](uint8_t byte) { return byte >= 0x80; });
  }
  MERGANSER_INLINE uint64_t odd() const {
    return mask([](uint8_t byte) { return (byte & 1) != 0; });
  }

 private:
  template <typename Test>
  MERGANSER_INLINE uint64_t mask(Test test) const {
    uint64_t bits = 0;
    for (int i = 0; i < 64; ++i) bits |= static_cast<uint64_t>(test(text_[i])) << i;
    return bits;
  }
  const uint8_t* text_;
};

#endif

}  // namespace merganser::simd::MERGANSER_ISA_NS
