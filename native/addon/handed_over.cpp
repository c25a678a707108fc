#include "handed_over.hpp"

#include <atomic>
#include <memory>

namespace merganser::addon {
namespace {

// Memory that was handed over is given back between two turns of the event loop only. A loop that never lets it turn must not fill
// the memory, so no more than this is ever out.
constexpr size_t kOutAtMost = size_t{256} << 20;
std::atomic<size_t> bytes_out{0};

void take_back(napi_env, void*, void* hint) {
  const std::unique_ptr<parallel::KeptBuffer> owner(static_cast<parallel::KeptBuffer*>(hint));
  bytes_out -= owner->capacity();
}

}  // namespace

napi_value hand_over(napi_env env, parallel::KeptBuffer& memory, size_t bytes) {
  const size_t capacity = memory.capacity();
  if (bytes_out + capacity > kOutAtMost) return nullptr;
  auto owner = std::make_unique<parallel::KeptBuffer>(std::move(memory));
  napi_value buffer;
  if (napi_create_external_arraybuffer(env, owner->data(), bytes, take_back, owner.get(), &buffer) != napi_ok) {
    memory = std::move(*owner);
    return nullptr;
  }
  owner.release();
  bytes_out += capacity;
  return buffer;
}

}  // namespace merganser::addon
