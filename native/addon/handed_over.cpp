#include "handed_over.hpp"

#include <atomic>
#include <memory>

#include "merganser/parallel/thread_pool.hpp"
#include "node_symbol.hpp"

namespace merganser::addon {
namespace {

// Memory that was handed over is given back between two turns of the event loop only, strings at a garbage collection. A loop that never lets it turn
// must not fill the memory, so no more than this is ever out, or a single larger one.
constexpr size_t kOutAtMost = size_t{256} << 20;
std::atomic<size_t> bytes_out{0};

void give_back(std::unique_ptr<parallel::KeptBuffer> owner) {
  const size_t capacity = owner->capacity();
  owner.reset();
  bytes_out -= capacity;
}

void take_back(napi_env, void*, void* hint) {
  auto* const owner = static_cast<parallel::KeptBuffer*>(hint);
  const auto task = [owner] { give_back(std::unique_ptr<parallel::KeptBuffer>(owner)); };
  if (owner->capacity() <= parallel::KeptMemory::kLimit) return task();
  // What is not kept goes back to the system, page by page: another thread does that, if one can be had. Nothing may be thrown through the collector.
  try {
    parallel::ThreadPool::shared().run(task);
  } catch (...) {
    task();
  }
}

// `create(data, owner, &value)` makes the value, whose end calls take_back with the owner.
template <typename Create>
napi_value hand_over_as(parallel::KeptBuffer& memory, HandOver limit, Create create) {
  const size_t capacity = memory.capacity();
  if (limit == HandOver::limited && bytes_out > 0 && bytes_out + capacity > kOutAtMost) return nullptr;
  auto owner = std::make_unique<parallel::KeptBuffer>(std::move(memory));
  bytes_out += capacity;
  napi_value value = nullptr;
  if (create(owner->data(), owner.get(), &value) != napi_ok) {
    bytes_out -= capacity;
    memory = std::move(*owner);
    return nullptr;
  }
  owner.release();
  return value;
}

// Part of Node-API 10 and of Node since 18.18: looked up, because the addon asks for version 8 only.
template <typename Character>
using CreateExternalString = napi_status (*)(napi_env, Character*, size_t, napi_finalize, void*, napi_value*, bool*);

template <typename Character>
napi_value hand_over_string(parallel::KeptBuffer& memory, napi_env env, size_t length, CreateExternalString<Character> create) {
  if (!create) return nullptr;
  return hand_over_as(memory, HandOver::limited, [&](uint8_t* data, void* owner, napi_value* value) {
    bool copied = false;
    return create(env, reinterpret_cast<Character*>(data), length, take_back, owner, value, &copied);
  });
}

}  // namespace

napi_value hand_over(napi_env env, parallel::KeptBuffer& memory, size_t bytes, HandOver limit) {
  return hand_over_as(memory, limit, [&](uint8_t* data, void* owner, napi_value* value) {
    return napi_create_external_arraybuffer(env, data, bytes, take_back, owner, value);
  });
}

napi_value hand_over_latin1(napi_env env, parallel::KeptBuffer& memory, size_t length) {
  static const auto create = node_symbol<CreateExternalString<char>>("node_api_create_external_string_latin1");
  return hand_over_string(memory, env, length, create);
}

napi_value hand_over_utf16(napi_env env, parallel::KeptBuffer& memory, size_t length) {
  static const auto create = node_symbol<CreateExternalString<char16_t>>("node_api_create_external_string_utf16");
  return hand_over_string(memory, env, length, create);
}

}  // namespace merganser::addon
