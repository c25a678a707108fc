// A row of the result is written once, whatever the number of codebooks, and parts of usual lengths are copied by moves of that length.
#include "merganser/quantizers/decoded_rows.hpp"

#include <cstring>

#include "merganser/simd/floats16.hpp"
#include "merganser/simd/inline.hpp"

namespace merganser::quantizers::MERGANSER_ISA_NS {
namespace {

using simd::MERGANSER_ISA_NS::Floats16;

// kWidth: length of all parts; 0: each has its own.
template <size_t kWidth>
void decode_parts_of(const uint32_t* codes, size_t count, const Codebook* codebooks, size_t books, size_t dims, float* out) {
  for (size_t row = 0; row < count; ++row, codes += books, out += dims) {
    for (size_t book = 0; book < books; ++book) {
      const Codebook& codebook = codebooks[book];
      const size_t width = kWidth > 0 ? kWidth : codebook.dims, place = kWidth > 0 ? book * kWidth : codebook.place;
      std::memcpy(out + place, codebook.rows + codes[book] * width, width * sizeof(float));
    }
  }
}

// Numbers [from, from + 16 kParts) of the sum of a row's codes.
template <size_t kParts>
MERGANSER_INLINE void sum_numbers(const uint32_t* codes, const Codebook* codebooks, size_t books, size_t dims, size_t from, float* out) {
  Floats16 sums[kParts];
  const float* code = codebooks[0].rows + codes[0] * dims + from;
  for (size_t part = 0; part < kParts; ++part) sums[part] = Floats16::load(code + 16 * part);
  for (size_t book = 1; book < books; ++book) {
    code = codebooks[book].rows + codes[book] * dims + from;
    for (size_t part = 0; part < kParts; ++part) sums[part].add(Floats16::load(code + 16 * part));
  }
  for (size_t part = 0; part < kParts; ++part) sums[part].store(out + from + 16 * part);
}

}  // namespace

bool all_known(const uint32_t* codes, size_t count, const Codebook* codebooks, size_t books) {
  size_t size = codebooks[0].codes;
  for (size_t book = 1; book < books; ++book) size = codebooks[book].codes == size ? size : 0;
  uint32_t unknown = 0;
  if (size > 0 && size <= UINT32_MAX) {
    const auto limit = static_cast<uint32_t>(size);
    for (size_t i = 0; i < count * books; ++i) unknown |= codes[i] >= limit;
    return unknown == 0;
  }
  for (size_t row = 0; row < count; ++row, codes += books) {
    for (size_t book = 0; book < books; ++book) unknown |= codes[book] >= codebooks[book].codes;
  }
  return unknown == 0;
}

void decode_parts(const uint32_t* codes, size_t count, const Codebook* codebooks, size_t books, size_t dims, float* out) {
  const size_t width = codebooks[0].dims;
  bool equal = true;
  for (size_t book = 1; book < books; ++book) equal &= codebooks[book].dims == width;
  const auto decode = !equal        ? decode_parts_of<0>
                      : width == 4  ? decode_parts_of<4>
                      : width == 8  ? decode_parts_of<8>
                      : width == 16 ? decode_parts_of<16>
                                    : decode_parts_of<0>;
  decode(codes, count, codebooks, books, dims, out);
}

void decode_sums(const uint32_t* codes, size_t count, const Codebook* codebooks, size_t books, size_t dims, float* out) {
  for (size_t row = 0; row < count; ++row, codes += books, out += dims) {
    size_t dim = 0;
    for (; dim + 64 <= dims; dim += 64) sum_numbers<4>(codes, codebooks, books, dims, dim, out);
    for (; dim + 16 <= dims; dim += 16) sum_numbers<1>(codes, codebooks, books, dims, dim, out);
    for (; dim < dims; ++dim) {
      float sum = codebooks[0].rows[codes[0] * dims + dim];
      for (size_t book = 1; book < books; ++book) sum += codebooks[book].rows[codes[book] * dims + dim];
      out[dim] = sum;
    }
  }
}

void stream_numbers(const float* from, size_t count, float* to) {
  constexpr size_t kLine = 64;
  size_t at = 0;
  for (; at < count && reinterpret_cast<uintptr_t>(to + at) % kLine != 0; ++at) to[at] = from[at];
  for (; at + 16 <= count; at += 16) Floats16::load(from + at).stream(to + at);
  for (; at < count; ++at) to[at] = from[at];
  simd::MERGANSER_ISA_NS::streamed();
}

}  // namespace merganser::quantizers::MERGANSER_ISA_NS
