// The memory of an array of whatever type, of its own or shared.
#pragma once
#include <napi.h>

#include <cstdint>

namespace merganser::addon {

// Not by its buffer: Node-API has no functions for those that are shared.
inline uint8_t* bytes_of_array(const Napi::Value& array) {
  void* data = nullptr;
  napi_get_typedarray_info(array.Env(), array, nullptr, nullptr, &data, nullptr, nullptr);
  return static_cast<uint8_t*>(data);
}

}  // namespace merganser::addon
