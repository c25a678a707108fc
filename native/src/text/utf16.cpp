#include "merganser/text/utf16.hpp"

#include <cstring>

namespace merganser::text {
namespace {

constexpr ptrdiff_t kBlock = 16;

bool is_ascii_block(const uint8_t* at) {
  uint64_t words[2];
  std::memcpy(words, at, kBlock);
  return ((words[0] | words[1]) & 0x8080808080808080) == 0;
}

bool is_ascii_block(const char16_t* at) {
  uint64_t words[4];
  std::memcpy(words, at, sizeof words);
  return ((words[0] | words[1] | words[2] | words[3]) & 0xFF80FF80FF80FF80) == 0;
}

uint8_t continuation(uint32_t bits) { return static_cast<uint8_t>(0x80 | (bits & 0x3F)); }

// The character at `at`, one above 0x7F, which moves behind it.
void put_character(const char16_t*& at, const char16_t* end, uint8_t*& out) {
  uint32_t point = *at++;
  if (point < 0x800) {
    *out++ = static_cast<uint8_t>(0xC0 | point >> 6);
    *out++ = continuation(point);
    return;
  }
  if ((point & 0xF800) == 0xD800) {
    if ((point & 0x0400) == 0 && at < end && (*at & 0xFC00) == 0xDC00) {
      point = 0x10000 + ((point & 0x3FF) << 10 | (*at++ & 0x3FFu));
      *out++ = static_cast<uint8_t>(0xF0 | point >> 18);
      *out++ = continuation(point >> 12);
      *out++ = continuation(point >> 6);
      *out++ = continuation(point);
      return;
    }
    point = 0xFFFD;
  }
  *out++ = static_cast<uint8_t>(0xE0 | point >> 12);
  *out++ = continuation(point >> 6);
  *out++ = continuation(point);
}

}  // namespace

size_t ascii_prefix(const uint8_t* text, size_t size) {
  const uint8_t *at = text, *const end = text + size;
  while (end - at >= kBlock && is_ascii_block(at)) at += kBlock;
  while (at < end && *at < 0x80) ++at;
  return static_cast<size_t>(at - text);
}

size_t to_utf16(const uint8_t* text, size_t size, char16_t* out) {
  static const auto convert = MERGANSER_SELECT(to_utf16);
  return convert(text, size, out);
}

size_t to_utf8(const char16_t* text, size_t size, uint8_t* out) {
  const uint8_t* const begin = out;
  const char16_t *at = text, *const end = text + size;
  while (at < end) {
    while (end - at >= kBlock && is_ascii_block(at)) {
      for (ptrdiff_t i = 0; i < kBlock; ++i) out[i] = static_cast<uint8_t>(at[i]);
      at += kBlock;
      out += kBlock;
    }
    for (ptrdiff_t i = 0; i < kBlock && at < end; ++i) {
      if (*at < 0x80) {
        *out++ = static_cast<uint8_t>(*at++);
      } else {
        put_character(at, end, out);
      }
    }
  }
  return static_cast<size_t>(out - begin);
}

}  // namespace merganser::text
