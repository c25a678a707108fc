// Steps through well-formed UTF-8.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/simd/inline.hpp"

namespace merganser::text {

MERGANSER_INLINE uint32_t sequence_size(uint8_t lead) { return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4; }

struct CodePoint {
  uint32_t value;
  uint32_t size;
};

MERGANSER_INLINE CodePoint decode(const uint8_t* text) {
  const uint32_t lead = text[0];
  if (lead < 0x80) return {lead, 1};
  if (lead < 0xE0) return {(lead & 0x1F) << 6 | (text[1] & 0x3Fu), 2};
  if (lead < 0xF0) return {(lead & 0x0F) << 12 | (text[1] & 0x3Fu) << 6 | (text[2] & 0x3Fu), 3};
  return {(lead & 0x07) << 18 | (text[1] & 0x3Fu) << 12 | (text[2] & 0x3Fu) << 6 | (text[3] & 0x3Fu), 4};
}

// Start of the character that ends before `at` (at > 0).
MERGANSER_INLINE size_t previous_start(const uint8_t* text, size_t at) {
  do --at;
  while (at > 0 && (text[at] & 0xC0) == 0x80);
  return at;
}

// Unicode White_Space: fixed by the standard's stability policy in practice, and what \s means in Rust's regex.
MERGANSER_INLINE bool is_white_space(uint32_t c) {
  return c == ' ' || (c >= 9 && c <= 13) || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
         c == 0x202F || c == 0x205F || c == 0x3000;
}

}  // namespace merganser::text
