// Reads checked arguments: TypeScript has validated everything, here it is only converted.
#pragma once
#include <napi.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "merganser/bpe/token_index.hpp"
#include "merganser/io/xxh64.hpp"

namespace merganser::addon {

struct ByteSpan {
  const uint8_t* data;
  size_t size;
};

inline ByteSpan bytes_of(const Napi::Value& value) {
  const auto array = value.As<Napi::Uint8Array>();
  return {array.Data(), array.ElementLength()};
}

// Properties of an object as plain data, with a fingerprint of everything that was read: equal definitions are recognised by it.
class Reader {
 public:
  explicit Reader(const Napi::Object& object) : object_(object) {}

  template <typename T>
  std::vector<T> array(const char* name) {
    const Napi::Value value = object_.Get(name);
    if (value.IsNull() || value.IsUndefined()) {
      mix(0, nullptr, 0);
      return {};
    }
    const auto typed = value.As<Napi::TypedArrayOf<T>>();
    mix(1, typed.Data(), typed.ElementLength() * sizeof(T));
    return std::vector<T>(typed.Data(), typed.Data() + typed.ElementLength());
  }
  // An array of bytes where it lies.
  ByteSpan bytes(const char* name) {
    const ByteSpan bytes = bytes_of(object_.Get(name));
    if (!known_) noted(io::xxh64(bytes.data, bytes.size));
    return bytes;
  }
  // Everything that is read of the object from now on is recognised by this checksum.
  void know_by(const char* name) {
    bool lossless;
    noted(object_.Get(name).As<Napi::BigInt>().Uint64Value(&lossless));
    known_ = true;
  }
  bool boolean(const char* name) { return noted(object_.Get(name).ToBoolean().Value()); }
  int64_t number(const char* name) { return noted(object_.Get(name).ToNumber().Int64Value()); }
  double real(const char* name) { return noted(object_.Get(name).ToNumber().DoubleValue()); }
  std::string text(const char* name) {
    std::string value = object_.Get(name).ToString();
    mix(2, value.data(), value.size());
    return value;
  }
  bool has(const char* name) { return noted(!object_.Get(name).IsNull() && !object_.Get(name).IsUndefined()); }
  Reader child(const char* name) { return Reader(object_.Get(name).As<Napi::Object>()); }
  // Calls `body(Reader&, last)` for each element of an array property.
  template <typename Body>
  void each(const char* name, Body body) {
    const Napi::Array list = object_.Get(name).As<Napi::Array>();
    for (uint32_t i = 0; i < list.Length(); ++i) {
      Reader item(list.Get(i).As<Napi::Object>());
      body(item, i + 1 == list.Length());
      include(item);
    }
  }
  void include(const Reader& other) { mix(3, &other.fingerprint_, sizeof other.fingerprint_); }
  // 128 bits as a string.
  std::string fingerprint() const { return std::string(reinterpret_cast<const char*>(fingerprint_), sizeof fingerprint_); }

 private:
  template <typename T>
  T noted(T value) {
    mix(4, &value, sizeof value);
    return value;
  }
  void mix(uint64_t kind, const void* data, size_t size) {
    if (known_) return;
    const uint64_t hash = bpe::hash_bytes(static_cast<const uint8_t*>(data), size) + kind;
    fingerprint_[0] = (fingerprint_[0] ^ hash) * 0x9E3779B97F4A7C15ull;
    fingerprint_[0] ^= fingerprint_[0] >> 29;
    fingerprint_[1] = (fingerprint_[1] + (hash << 23 | hash >> 41)) * 0xC2B2AE3D27D4EB4Full;
    fingerprint_[1] ^= fingerprint_[1] >> 31;
  }

  Napi::Object object_;
  bool known_ = false;
  uint64_t fingerprint_[2] = {0x243F6A8885A308D3ull, 0x13198A2E03707344ull};
};

}  // namespace merganser::addon
