// Handles on read-only objects that all threads of the process share: equal definitions (by fingerprint) become one object, which lives as long
// as a handle on it does.
#pragma once
#include <napi.h>

#include <functional>
#include <memory>
#include <string>

namespace merganser::addon {

std::shared_ptr<void> find_or_make(const std::string& fingerprint, const std::function<std::shared_ptr<void>()>& make);

// Handles of every kind hold the same type, so that any of them can be released.
using Holder = std::shared_ptr<void>;

inline Napi::Value handle_on(Napi::Env env, Holder object) {
  return Napi::External<Holder>::New(env, new Holder(std::move(object)), [](Napi::Env, Holder* gone) { delete gone; });
}

template <typename T>
Napi::Value share(Napi::Env env, const std::string& fingerprint, const std::function<std::shared_ptr<T>()>& make) {
  return handle_on(env, find_or_make(fingerprint, make));
}

inline void release(const Napi::Value& handle) { handle.As<Napi::External<Holder>>().Data()->reset(); }

template <typename T>
std::shared_ptr<T> pointer_of(const Napi::Value& handle) {
  return std::static_pointer_cast<T>(*handle.As<Napi::External<Holder>>().Data());
}
template <typename T>
T& shared_of(const Napi::Value& handle) {
  return *static_cast<T*>(handle.As<Napi::External<Holder>>().Data()->get());
}

}  // namespace merganser::addon
