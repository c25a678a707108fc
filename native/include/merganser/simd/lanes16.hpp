// Sixteen (or twice as many) unsigned 32-bit numbers that are kept whole while single ones change: writing one to memory and reading all of them back at once would
// wait until the write has left the processor's store buffer.
#pragma once
#include <cstdint>

#include "merganser/simd/intrinsics.hpp"

namespace merganser::simd::MERGANSER_ISA_NS {

// `set` with a lane from 16 to 31 changes nothing.
#if defined(__AVX512F__)

class Lanes16 {
 public:
  explicit Lanes16(const uint32_t* aligned) : all_(_mm512_load_si512(aligned)) {}
  Lanes16 lower_of(const Lanes16& other) const { return Lanes16(_mm512_min_epu32(all_, other.all_)); }
  void store(uint32_t* aligned) const { _mm512_store_si512(aligned, all_); }
  void set(uint32_t lane, uint32_t value) {
    all_ = _mm512_mask_set1_epi32(all_, static_cast<__mmask16>(1u << lane), static_cast<int>(value));
  }
  uint32_t min() const { return _mm512_reduce_min_epu32(all_); }

 private:
  explicit Lanes16(__m512i all) : all_(all) {}
  __m512i all_;
};

#elif defined(__AVX2__)

class Lanes16 {
 public:
  explicit Lanes16(const uint32_t* aligned)
      : low_(_mm256_load_si256(reinterpret_cast<const __m256i*>(aligned))), high_(_mm256_load_si256(reinterpret_cast<const __m256i*>(aligned) + 1)) {}
  Lanes16 lower_of(const Lanes16& other) const { return Lanes16(_mm256_min_epu32(low_, other.low_), _mm256_min_epu32(high_, other.high_)); }
  void store(uint32_t* aligned) const {
    _mm256_store_si256(reinterpret_cast<__m256i*>(aligned), low_);
    _mm256_store_si256(reinterpret_cast<__m256i*>(aligned) + 1, high_);
  }
  void set(uint32_t lane, uint32_t value) {
    const __m256i number = _mm256_set1_epi32(static_cast<int>(lane)), wanted = _mm256_set1_epi32(static_cast<int>(value));
    low_ = _mm256_blendv_epi8(low_, wanted, _mm256_cmpeq_epi32(number, _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)));
    high_ = _mm256_blendv_epi8(high_, wanted, _mm256_cmpeq_epi32(number, _mm256_setr_epi32(8, 9, 10, 11, 12, 13, 14, 15)));
  }
  uint32_t min() const {
    const __m256i least = _mm256_min_epu32(low_, high_);
    __m128i half = _mm_min_epu32(_mm256_castsi256_si128(least), _mm256_extracti128_si256(least, 1));
    half = _mm_min_epu32(half, _mm_shuffle_epi32(half, 0x4E));
    half = _mm_min_epu32(half, _mm_shuffle_epi32(half, 0xB1));
    return static_cast<uint32_t>(_mm_cvtsi128_si32(half));
  }

 private:
  Lanes16(__m256i low, __m256i high) : low_(low), high_(high) {}
  __m256i low_, high_;
};

#elif defined(__ARM_NEON)

class Lanes16 {
 public:
  explicit Lanes16(const uint32_t* aligned) : quarter_{vld1q_u32(aligned), vld1q_u32(aligned + 4), vld1q_u32(aligned + 8), vld1q_u32(aligned + 12)} {}
  Lanes16 lower_of(const Lanes16& other) const {
    Lanes16 lower = *this;
    for (int i = 0; i < 4; ++i) lower.quarter_[i] = vminq_u32(quarter_[i], other.quarter_[i]);
    return lower;
  }
  void store(uint32_t* aligned) const {
    for (int i = 0; i < 4; ++i) vst1q_u32(aligned + 4 * i, quarter_[i]);
  }
  void set(uint32_t lane, uint32_t value) {
    const uint32x4_t first{0, 1, 2, 3};
    for (uint32_t i = 0; i < 4; ++i) {
      quarter_[i] = vbslq_u32(vceqq_u32(vdupq_n_u32(lane), vaddq_u32(first, vdupq_n_u32(4 * i))), vdupq_n_u32(value), quarter_[i]);
    }
  }
  uint32_t min() const { return vminvq_u32(vminq_u32(vminq_u32(quarter_[0], quarter_[1]), vminq_u32(quarter_[2], quarter_[3]))); }

 private:
  uint32x4_t quarter_[4];
};

#else

class Lanes16 {
 public:
  explicit Lanes16(const uint32_t* numbers) {
    for (uint32_t i = 0; i < 16; ++i) numbers_[i] = numbers[i];
  }
  Lanes16 lower_of(const Lanes16& other) const {
    Lanes16 lower = *this;
    for (uint32_t i = 0; i < 16; ++i) {
      if (other.numbers_[i] < lower.numbers_[i]) lower.numbers_[i] = other.numbers_[i];
    }
    return lower;
  }
  void store(uint32_t* numbers) const {
    for (uint32_t i = 0; i < 16; ++i) numbers[i] = numbers_[i];
  }
  void set(uint32_t lane, uint32_t value) {
    if (lane < 16) numbers_[lane] = value;
  }
  uint32_t min() const {
    uint32_t least = numbers_[0];
    for (const uint32_t number : numbers_) least = number < least ? number : least;
    return least;
  }

 private:
  uint32_t numbers_[16];
};

#endif

class Lanes32 {
 public:
  explicit Lanes32(const uint32_t* aligned) : low_(aligned), high_(aligned + 16) {}
  void store(uint32_t* aligned) const {
    low_.store(aligned);
    high_.store(aligned + 16);
  }
  void set(uint32_t lane, uint32_t value) {
    low_.set(lane, value);
    high_.set(lane ^ 16, value);
  }
  uint32_t min() const { return low_.lower_of(high_).min(); }

 private:
  Lanes16 low_, high_;
};

}  // namespace merganser::simd::MERGANSER_ISA_NS
