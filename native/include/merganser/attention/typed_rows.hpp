// Rows of every element type, sixteen numbers at a time. For kernels only (*.isa.cpp).
#pragma once
#include "merganser/attention/attend_rows.hpp"
#include "merganser/simd/floats16_rows.hpp"

namespace merganser::attention::MERGANSER_ISA_NS {

using simd::MERGANSER_ISA_NS::Floats16;

struct OfFloat32 {
  static constexpr size_t kBytes = 4;
  static MERGANSER_INLINE Floats16 load(const uint8_t* from) { return Floats16::load(reinterpret_cast<const float*>(from)); }
};
struct OfFloat16 {
  static constexpr size_t kBytes = 2;
  static MERGANSER_INLINE Floats16 load(const uint8_t* from) { return simd::MERGANSER_ISA_NS::load_float16(reinterpret_cast<const uint16_t*>(from)); }
};
struct OfBfloat16 {
  static constexpr size_t kBytes = 2;
  static MERGANSER_INLINE Floats16 load(const uint8_t* from) { return simd::MERGANSER_ISA_NS::load_bfloat16(reinterpret_cast<const uint16_t*>(from)); }
};
struct OfInt8 {
  static constexpr size_t kBytes = 1;
  static MERGANSER_INLINE Floats16 load(const uint8_t* from) {
#if defined(__AVX512F__)
    return {_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))))};
#elif defined(__AVX2__)
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    return {_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes)), _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_unpackhi_epi64(bytes, bytes)))};
#else
    float each[16];
    for (int i = 0; i < 16; ++i) each[i] = static_cast<float>(static_cast<int8_t>(from[i]));
    return Floats16::load(each);
#endif
  }
};

// The last `count` < 16 numbers of a row, and zeros.
template <typename Type>
MERGANSER_INLINE Floats16 load_some(const uint8_t* from, size_t count) {
  alignas(64) uint8_t bytes[16 * Type::kBytes] = {};
  for (size_t i = 0; i < count * Type::kBytes; ++i) bytes[i] = from[i];
  return Type::load(bytes);
}

// The i-th of `count`, if they are taken from so many places in turns: while memory is late at one of them, it answers at the others.
MERGANSER_INLINE size_t in_turns(size_t i, size_t count, size_t places) {
  const size_t each = count / places;
  return i < each * places ? i % places * each + i / places : i;
}

// `kRowBlock` rows from the `from`-th on; behind the end the last one is repeated.
MERGANSER_INLINE void rows_of_block(const RowsToAttend& rows, size_t from, const RowSet& set, const uint8_t** out) {
  for (size_t i = 0; i < kRowBlock; ++i) {
    const size_t at = rows.first + (from + i < rows.count ? from + i : rows.count - 1);
    out[i] = set.data + set.stride * (rows.list ? rows.list[at] : at);
  }
}

}  // namespace merganser::attention::MERGANSER_ISA_NS
