// Where the numbers of a typed array of any type lie. Its memory may be shared: of that Node-API gives no ArrayBuffer.
#pragma once
#include <napi.h>

namespace merganser::addon {

inline void* memory_of(const Napi::Value& typed_array) {
  void* data = nullptr;
  napi_get_typedarray_info(typed_array.Env(), typed_array, nullptr, nullptr, &data, nullptr, nullptr);
  return data;
}

}  // namespace merganser::addon
