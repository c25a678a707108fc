// Text from JavaScript: bytes are used where they are, unless they are few; strings are converted to UTF-8 (lone surrogates become U+FFFD).
#pragma once
#include <napi.h>

#include <cstring>

#include "environment.hpp"
#include "merganser/text/utf16.hpp"

namespace merganser::addon {

struct TextArgument {
  const uint8_t* data;
  size_t size;
  size_t readable;  // bytes that may be read, at least `size`
};

inline TextArgument text_argument(napi_env env, napi_value value, Environment& environment) {
  constexpr size_t kPadding = 64;
  // Nearly every string is short: it is copied at once, whatever it is, and asked for its length only if it fills the place.
  char16_t* const units = environment.units;
  size_t count = 0;
  if (napi_get_value_string_utf16(env, value, units, Environment::kShortUnits, &count) != napi_ok) {
    void* data = nullptr;
    size_t size = 0;
    napi_get_typedarray_info(env, value, nullptr, &size, &data, nullptr, nullptr);
    if (size > Environment::kShortUnits) return {static_cast<const uint8_t*>(data), size, size};
    // Pieces near the end of readable memory take a way of their own, which costs more than a copy with room behind it.
    uint8_t* const copy = environment.text.reserve(size + kPadding);
    if (size > 0) std::memcpy(copy, data, size);
    return {copy, size, size + kPadding};
  }
  if (count + 1 < Environment::kShortUnits) {
    uint8_t* const utf8 = environment.text.reserve(text::kUtf8PerUnit * count + kPadding);
    const size_t size = text::to_utf8(units, count, utf8);
    return {utf8, size, size + kPadding};
  }
  napi_get_value_string_utf16(env, value, nullptr, 0, &count);
  // Measuring the string exactly would cost a pass over it.
  const size_t most = text::kUtf8PerUnit * count + 1;
  uint8_t* const utf8 = environment.text.reserve(most + kPadding);
  size_t size = 0;
  napi_get_value_string_utf8(env, value, reinterpret_cast<char*>(utf8), most, &size);
  return {utf8, size, size + kPadding};
}

}  // namespace merganser::addon
