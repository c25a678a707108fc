#include "id_array.hpp"

#include <cstring>

namespace merganser::addon {

Napi::Value id_array(Napi::Env env, bpe::IdBuffer& ids, HandOver limit) {
  const size_t size = ids.size(), bytes = size * sizeof(uint32_t);
  if (bytes < kHandOverBytes) {
    auto array = Napi::Uint32Array::New(env, size);
    if (size > 0) std::memcpy(array.Data(), ids.data(), bytes);
    return array;
  }
  parallel::KeptBuffer memory(ids.release());
  if (const napi_value buffer = hand_over(env, memory, bytes, limit)) return Napi::Uint32Array::New(env, size, Napi::ArrayBuffer(env, buffer), 0);
  auto array = Napi::Uint32Array::New(env, size);
  std::memcpy(array.Data(), memory.data(), bytes);
  return array;
}

}  // namespace merganser::addon
