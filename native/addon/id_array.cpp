#include "id_array.hpp"

#include <cstring>
#include <memory>

namespace merganser::addon {
namespace {

// Below this a copy is cheaper than a finalizer.
constexpr size_t kHandOver = size_t{1} << 16;

// null where memory of one's own is not allowed (Electron).
napi_value hand_over(napi_env env, bpe::IdBuffer& ids) {
  auto owner = std::make_unique<bpe::IdBuffer>(std::move(ids));
  napi_value buffer;
  const auto free = [](napi_env, void*, void* hint) { delete static_cast<bpe::IdBuffer*>(hint); };
  if (napi_create_external_arraybuffer(env, owner->data(), owner->size() * sizeof(uint32_t), free, owner.get(), &buffer) != napi_ok) {
    ids = std::move(*owner);
    return nullptr;
  }
  owner.release();
  return buffer;
}

}  // namespace

Napi::Value id_array(Napi::Env env, bpe::IdBuffer& ids) {
  const size_t size = ids.size();
  if (size >= kHandOver) {
    if (const napi_value buffer = hand_over(env, ids)) return Napi::Uint32Array::New(env, size, Napi::ArrayBuffer(env, buffer), 0);
  }
  auto array = Napi::Uint32Array::New(env, size);
  if (size > 0) std::memcpy(array.Data(), ids.data(), size * sizeof(uint32_t));
  if (size >= kHandOver) ids.free();
  return array;
}

}  // namespace merganser::addon
