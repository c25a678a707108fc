// Between UTF-8 and the UTF-16 of JavaScript's strings.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/simd/instruction_set.hpp"

namespace merganser::text {

constexpr size_t kMalformed = SIZE_MAX;
// Units behind the text's own that to_utf16 may write to.
constexpr size_t kUtf16Padding = 16;

// Bytes before the first one above 0x7F.
size_t ascii_prefix(const uint8_t* text, size_t size);

// Writes the text, which becomes at most as many units as it has bytes; their number, or kMalformed.
#define MERGANSER_DECLARE(isa) \
  namespace isa { \
  size_t to_utf16(const uint8_t* text, size_t size, char16_t* out); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE
// With the processor's best.
size_t to_utf16(const uint8_t* text, size_t size, char16_t* out);

// Bytes of UTF-8 that a unit becomes at most.
constexpr size_t kUtf8PerUnit = 3;

// Writes the text as UTF-8, lone surrogates as U+FFFD; returns the number of bytes.
size_t to_utf8(const char16_t* text, size_t size, uint8_t* out);

}  // namespace merganser::text
