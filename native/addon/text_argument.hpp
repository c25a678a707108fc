// Text from JavaScript: bytes are used where they are, strings are converted to UTF-8 (lone surrogates become U+FFFD).
#pragma once
#include <napi.h>

#include "environment.hpp"

namespace merganser::addon {

struct TextArgument {
  const uint8_t* data;
  size_t size;
  size_t readable;  // bytes that may be read, at least `size`
};

inline TextArgument text_argument(napi_env env, napi_value value, Environment& environment) {
  napi_valuetype type;
  napi_typeof(env, value, &type);
  if (type != napi_string) {
    void* data = nullptr;
    size_t size = 0;
    napi_get_typedarray_info(env, value, nullptr, &size, &data, nullptr, nullptr);
    return {static_cast<const uint8_t*>(data), size, size};
  }
  constexpr size_t kPadding = 64;
  size_t units = 0;
  napi_get_value_string_utf16(env, value, nullptr, 0, &units);
  // At most three bytes a unit: measuring the string exactly would cost a pass over it.
  uint8_t* const utf8 = environment.text.reserve(3 * units + 1 + kPadding);
  size_t size = 0;
  napi_get_value_string_utf8(env, value, reinterpret_cast<char*>(utf8), 3 * units + 1, &size);
  return {utf8, size, size + kPadding};
}

}  // namespace merganser::addon
