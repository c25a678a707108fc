#include "id_array.hpp"

#include <atomic>
#include <cstring>
#include <memory>

namespace merganser::addon {
namespace {

// Below this a copy is cheaper than a finalizer.
constexpr size_t kHandOver = size_t{1} << 16;
// Memory that was handed over is given back between two turns of the event loop only. A loop that never lets it turn must not fill
// the memory, so no more than this is ever out.
constexpr size_t kOutAtMost = size_t{256} << 20;
std::atomic<size_t> bytes_out{0};

// null where memory of one's own is not allowed (Electron), or too much of it is out.
napi_value hand_over(napi_env env, bpe::IdBuffer& ids) {
  const size_t bytes = ids.capacity() * sizeof(uint32_t);
  if (bytes_out + bytes > kOutAtMost) return nullptr;
  auto owner = std::make_unique<bpe::IdBuffer>(std::move(ids));
  napi_value buffer;
  const auto free = [](napi_env, void*, void* hint) {
    const std::unique_ptr<bpe::IdBuffer> owner(static_cast<bpe::IdBuffer*>(hint));
    bytes_out -= owner->capacity() * sizeof(uint32_t);
  };
  if (napi_create_external_arraybuffer(env, owner->data(), owner->size() * sizeof(uint32_t), free, owner.get(), &buffer) != napi_ok) {
    ids = std::move(*owner);
    return nullptr;
  }
  owner.release();
  bytes_out += bytes;
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
