// Sixteen float32 numbers in as many registers as they need. Multiply-adds are fused on every instruction set, so that a sum over the same terms in
// the same order has the same bits everywhere.
#pragma once
#include "merganser/simd/inline.hpp"
#include "merganser/simd/intrinsics.hpp"

#if !defined(__AVX2__) && !defined(__ARM_NEON)
#include <cmath>
#endif

namespace merganser::simd::MERGANSER_ISA_NS {

// Stops GCC from folding a load into every multiply-add that uses it: loaded once, the operands leave the load ports to the broadcasts.
#if defined(__GNUC__) && defined(__AVX512F__)
#define MERGANSER_KEEP_LOADED(vector) asm("" : "+v"(vector))
#elif defined(__GNUC__) && defined(__AVX2__)
#define MERGANSER_KEEP_LOADED(vector) asm("" : "+x"(vector))
#else
#define MERGANSER_KEEP_LOADED(vector)
#endif

// What was written by `stream` stands in memory.
MERGANSER_INLINE void streamed() {
#if defined(__AVX2__)
  _mm_sfence();
#endif
}

// The cache line there will be wanted in the second-level cache.
MERGANSER_INLINE void expect_line_later([[maybe_unused]] const float* at) {
#if defined(__GNUC__)
  __builtin_prefetch(at, 0, 2);
#elif defined(__AVX2__)
  _mm_prefetch(reinterpret_cast<const char*>(at), _MM_HINT_T1);
#endif
}

// The cache line there will be wanted soon.
MERGANSER_INLINE void expect_line([[maybe_unused]] const float* at) {
#if defined(__GNUC__)
  __builtin_prefetch(at, 0, 3);
#elif defined(__AVX2__)
  _mm_prefetch(reinterpret_cast<const char*>(at), _MM_HINT_T0);
#endif
}

#if defined(__AVX512F__)

// How many rows of accumulators fit into the registers beside the operands, and how many of them a row has: two, or as many loads as multiply-adds would be
// needed, and there are no more ports for those.
constexpr int kTileRows = 12;
constexpr int kTilePanels = 2;
// The same where all that is multiplied stays in the first-level cache: fewer numbers to load, but more of them from panels.
constexpr int kNearRows = 6;
constexpr int kNearPanels = 4;

struct Floats16 {
  __m512 all;
  static MERGANSER_INLINE Floats16 load(const float* from) { return {_mm512_loadu_ps(from)}; }
  static MERGANSER_INLINE Floats16 broadcast(float value) { return {_mm512_set1_ps(value)}; }
  MERGANSER_INLINE void store(float* to) const { _mm512_storeu_ps(to, all); }
  // Past the caches, where the processor can do that; `to` is 64-byte aligned. `streamed` makes it visible to other threads.
  MERGANSER_INLINE void stream(float* to) const { _mm512_stream_ps(to, all); }
  MERGANSER_INLINE void keep_loaded() { MERGANSER_KEEP_LOADED(all); }
  // A number that multiplies others, in the form that the instructions take.
  using Factor = __m512;
  static MERGANSER_INLINE Factor factor(float value) {
    Factor result = _mm512_set1_ps(value);
    MERGANSER_KEEP_LOADED(result);
    return result;
  }
  MERGANSER_INLINE void add(const Floats16& other) { all = _mm512_add_ps(all, other.all); }
  // this + factor × other
  MERGANSER_INLINE void add_product(Factor factor, const Floats16& other) { all = _mm512_fmadd_ps(factor, other.all, all); }
  // Takes over the numbers of `other` that are greater, and `id` for them.
  MERGANSER_INLINE void take_greater(const Floats16& other, Floats16& ids, const Floats16& id) {
    const __mmask16 greater = _mm512_cmp_ps_mask(other.all, all, _CMP_GT_OQ);
    all = _mm512_mask_mov_ps(all, greater, other.all);
    ids.all = _mm512_mask_mov_ps(ids.all, greater, id.all);
  }
  MERGANSER_INLINE void take_greater(const Floats16& other) { all = _mm512_max_ps(all, other.all); }
  MERGANSER_INLINE float greatest() const { return _mm512_reduce_max_ps(all); }
};

#elif defined(__AVX2__)

constexpr int kTileRows = 6;
constexpr int kTilePanels = 1;
constexpr int kNearRows = kTileRows;
constexpr int kNearPanels = kTilePanels;

struct Floats16 {
  __m256 low, high;
  static MERGANSER_INLINE Floats16 load(const float* from) { return {_mm256_loadu_ps(from), _mm256_loadu_ps(from + 8)}; }
  static MERGANSER_INLINE Floats16 broadcast(float value) { return {_mm256_set1_ps(value), _mm256_set1_ps(value)}; }
  MERGANSER_INLINE void store(float* to) const {
    _mm256_storeu_ps(to, low);
    _mm256_storeu_ps(to + 8, high);
  }
  MERGANSER_INLINE void stream(float* to) const {
    _mm256_stream_ps(to, low);
    _mm256_stream_ps(to + 8, high);
  }
  MERGANSER_INLINE void keep_loaded() {
    MERGANSER_KEEP_LOADED(low);
    MERGANSER_KEEP_LOADED(high);
  }
  using Factor = __m256;
  static MERGANSER_INLINE Factor factor(float value) {
    Factor result = _mm256_set1_ps(value);
    MERGANSER_KEEP_LOADED(result);
    return result;
  }
  MERGANSER_INLINE void add(const Floats16& other) {
    low = _mm256_add_ps(low, other.low);
    high = _mm256_add_ps(high, other.high);
  }
  MERGANSER_INLINE void add_product(Factor factor, const Floats16& other) {
    low = _mm256_fmadd_ps(factor, other.low, low);
    high = _mm256_fmadd_ps(factor, other.high, high);
  }
  MERGANSER_INLINE void take_greater(const Floats16& other, Floats16& ids, const Floats16& id) {
    const __m256 low_greater = _mm256_cmp_ps(other.low, low, _CMP_GT_OQ), high_greater = _mm256_cmp_ps(other.high, high, _CMP_GT_OQ);
    low = _mm256_max_ps(low, other.low);
    high = _mm256_max_ps(high, other.high);
    ids.low = _mm256_blendv_ps(ids.low, id.low, low_greater);
    ids.high = _mm256_blendv_ps(ids.high, id.high, high_greater);
  }
  MERGANSER_INLINE void take_greater(const Floats16& other) {
    low = _mm256_max_ps(low, other.low);
    high = _mm256_max_ps(high, other.high);
  }
  MERGANSER_INLINE float greatest() const {
    const __m256 eight = _mm256_max_ps(low, high);
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    four = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(four, _mm_movehdup_ps(four)));
  }
};

#elif defined(__ARM_NEON)

constexpr int kTileRows = 6;
constexpr int kTilePanels = 1;
constexpr int kNearRows = kTileRows;
constexpr int kNearPanels = kTilePanels;

struct Floats16 {
  float32x4_t part[4];
  static MERGANSER_INLINE Floats16 load(const float* from) { return {{vld1q_f32(from), vld1q_f32(from + 4), vld1q_f32(from + 8), vld1q_f32(from + 12)}}; }
  static MERGANSER_INLINE Floats16 broadcast(float value) {
    const float32x4_t four = vdupq_n_f32(value);
    return {{four, four, four, four}};
  }
  MERGANSER_INLINE void store(float* to) const {
    for (int i = 0; i < 4; ++i) vst1q_f32(to + 4 * i, part[i]);
  }
  MERGANSER_INLINE void stream(float* to) const { store(to); }
  MERGANSER_INLINE void keep_loaded() {}
  using Factor = float;
  static MERGANSER_INLINE Factor factor(float value) { return value; }
  MERGANSER_INLINE void add(const Floats16& other) {
    for (int i = 0; i < 4; ++i) part[i] = vaddq_f32(part[i], other.part[i]);
  }
  MERGANSER_INLINE void add_product(Factor factor, const Floats16& other) {
    for (int i = 0; i < 4; ++i) part[i] = vfmaq_n_f32(part[i], other.part[i], factor);
  }
  MERGANSER_INLINE void take_greater(const Floats16& other, Floats16& ids, const Floats16& id) {
    for (int i = 0; i < 4; ++i) {
      const uint32x4_t greater = vcgtq_f32(other.part[i], part[i]);
      part[i] = vbslq_f32(greater, other.part[i], part[i]);
      ids.part[i] = vbslq_f32(greater, id.part[i], ids.part[i]);
    }
  }
  MERGANSER_INLINE void take_greater(const Floats16& other) {
    for (int i = 0; i < 4; ++i) part[i] = vmaxq_f32(part[i], other.part[i]);
  }
  MERGANSER_INLINE float greatest() const { return vmaxvq_f32(vmaxq_f32(vmaxq_f32(part[0], part[1]), vmaxq_f32(part[2], part[3]))); }
};

#else

constexpr int kTileRows = 4;
constexpr int kTilePanels = 1;
constexpr int kNearRows = kTileRows;
constexpr int kNearPanels = kTilePanels;

struct Floats16 {
  float each[16];
  static MERGANSER_INLINE Floats16 load(const float* from) {
    Floats16 result;
    for (int i = 0; i < 16; ++i) result.each[i] = from[i];
    return result;
  }
  static MERGANSER_INLINE Floats16 broadcast(float value) {
    Floats16 result;
    for (int i = 0; i < 16; ++i) result.each[i] = value;
    return result;
  }
  MERGANSER_INLINE void store(float* to) const {
    for (int i = 0; i < 16; ++i) to[i] = each[i];
  }
  MERGANSER_INLINE void stream(float* to) const { store(to); }
  MERGANSER_INLINE void keep_loaded() {}
  using Factor = float;
  static MERGANSER_INLINE Factor factor(float value) { return value; }
  MERGANSER_INLINE void add(const Floats16& other) {
    for (int i = 0; i < 16; ++i) each[i] += other.each[i];
  }
  MERGANSER_INLINE void add_product(Factor factor, const Floats16& other) {
    for (int i = 0; i < 16; ++i) each[i] = ::fmaf(factor, other.each[i], each[i]);
  }
  MERGANSER_INLINE void take_greater(const Floats16& other, Floats16& ids, const Floats16& id) {
    for (int i = 0; i < 16; ++i) {
      if (!(other.each[i] > each[i])) continue;
      each[i] = other.each[i];
      ids.each[i] = id.each[i];
    }
  }
  MERGANSER_INLINE void take_greater(const Floats16& other) {
    for (int i = 0; i < 16; ++i) each[i] = other.each[i] > each[i] ? other.each[i] : each[i];
  }
  MERGANSER_INLINE float greatest() const {
    float most = each[0];
    for (int i = 1; i < 16; ++i) most = each[i] > most ? each[i] : most;
    return most;
  }
};

#endif

}  // namespace merganser::simd::MERGANSER_ISA_NS
