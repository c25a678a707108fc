// Files as memory of JavaScript.
#include "merganser/io/mapped_file.hpp"

#include <napi.h>

namespace merganser::addon {
namespace {

// (path) => bytes, or null where there are none, or where JavaScript may not hold memory of others (Electron)
Napi::Value map_file(const Napi::CallbackInfo& info) {
  auto file = io::MappedFile::open(info[0].As<Napi::String>());
  if (!file) return info.Env().Null();
  const size_t size = file->size();
  const auto close = [](napi_env, void*, void* owner) { delete static_cast<io::MappedFile*>(owner); };
  napi_value buffer;
  if (napi_create_external_arraybuffer(info.Env(), file->data(), size, close, file.get(), &buffer) != napi_ok) return info.Env().Null();
  file.release();
  return Napi::Uint8Array::New(info.Env(), size, Napi::ArrayBuffer(info.Env(), buffer), 0);
}

}  // namespace

void register_mapped_files(Napi::Env env, Napi::Object exports) {
  exports.Set("mapFile", Napi::Function::New(env, map_file, "mapFile"));
}

}  // namespace merganser::addon
