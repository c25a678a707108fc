// Ids back to bytes, by concatenation.
#include <napi.h>

#include "merganser/bpe/decoder.hpp"
#include "reading.hpp"
#include "shared_objects.hpp"

namespace merganser::addon {
namespace {

// (spec) => handle
Napi::Value create_decoder(const Napi::CallbackInfo& info) {
  Reader reader(info[0].As<Napi::Object>());
  auto bytes = reader.array<uint8_t>("tokenBytes");
  auto offsets = reader.array<uint32_t>("tokenOffsets");
  return share<bpe::Decoder>(info.Env(), "decoder" + reader.fingerprint(),
                             [&] { return std::make_shared<bpe::Decoder>(std::move(bytes), std::move(offsets)); });
}

// (decoder, ids) => number of bytes
Napi::Value decoded_size(const Napi::CallbackInfo& info) {
  const auto ids = info[1].As<Napi::Uint32Array>();
  return Napi::Number::New(info.Env(), static_cast<double>(shared_of<bpe::Decoder>(info[0]).size(ids.Data(), ids.ElementLength())));
}

// (decoder, ids, out)
void decode(const Napi::CallbackInfo& info) {
  const auto ids = info[1].As<Napi::Uint32Array>();
  auto out = info[2].As<Napi::Uint8Array>();
  shared_of<bpe::Decoder>(info[0]).decode(ids.Data(), ids.ElementLength(), out.Data(), out.ElementLength());
}

}  // namespace

void register_decoder(Napi::Env env, Napi::Object exports) {
  exports.Set("createDecoder", Napi::Function::New(env, create_decoder, "createDecoder"));
  exports.Set("decodedSize", Napi::Function::New(env, decoded_size, "decodedSize"));
  exports.Set("decode", Napi::Function::New(env, decode, "decode"));
}

}  // namespace merganser::addon
