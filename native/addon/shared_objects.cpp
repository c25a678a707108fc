#include "shared_objects.hpp"

#include <map>
#include <mutex>

namespace merganser::addon {

std::shared_ptr<void> find_or_make(const std::string& fingerprint, const std::function<std::shared_ptr<void>()>& make) {
  static std::mutex mutex;
  static auto* const objects = new std::map<std::string, std::weak_ptr<void>>();  // never destroyed: worker threads may outlive static data
  {
    const std::lock_guard lock(mutex);
    const auto found = objects->find(fingerprint);
    if (found != objects->end()) {
      if (auto object = found->second.lock()) return object;
    }
  }
  // Built without the lock, which other threads' handles need; if two build the same at once, the first wins.
  std::shared_ptr<void> made = make();
  const std::lock_guard lock(mutex);
  std::erase_if(*objects, [](const auto& entry) { return entry.second.expired(); });
  auto& entry = (*objects)[fingerprint];
  if (auto object = entry.lock()) return object;
  entry = made;
  return made;
}

void register_handles(Napi::Env env, Napi::Object exports) {
  // (handle): it must not be used any more
  exports.Set("release", Napi::Function::New(env, [](const Napi::CallbackInfo& info) { release(info[0]); }, "release"));
}

}  // namespace merganser::addon
