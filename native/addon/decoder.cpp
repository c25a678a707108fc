// Ids back to bytes and to strings, by concatenation.
#include <napi.h>

#include <cstring>

#include "environment.hpp"
#include "handed_over.hpp"
#include "merganser/bpe/decoder.hpp"
#include "merganser/parallel/kept_buffer.hpp"
#include "merganser/text/utf16.hpp"
#include "reading.hpp"
#include "shared_objects.hpp"

namespace merganser::addon {
namespace {

// (spec) => handle
Napi::Value create_decoder(const Napi::CallbackInfo& info) {
  Reader reader(info[0].As<Napi::Object>());
  auto bytes = reader.array<uint8_t>("tokenBytes");
  auto offsets = reader.array<uint32_t>("tokenOffsets");
  auto traits = reader.array<uint8_t>("traits");
  return share<bpe::Decoder>(info.Env(), "decoder" + reader.fingerprint(),
                             [&] { return std::make_shared<bpe::Decoder>(std::move(bytes), std::move(offsets), std::move(traits)); });
}

struct DecodeArguments {
  explicit DecodeArguments(const Napi::CallbackInfo& info)
      : decoder(shared_of<bpe::Decoder>(info[0])), ids(info[1].As<Napi::Uint32Array>()), skip_special(info[2].ToBoolean()) {
    size = decoder.size(ids.Data(), ids.ElementLength(), skip_special);
  }
  void write(uint8_t* out) const { decoder.decode(ids.Data(), ids.ElementLength(), skip_special, out, size); }

  const bpe::Decoder& decoder;
  Napi::Uint32Array ids;
  bool skip_special;
  size_t size;
};

// (decoder, ids, skipSpecial) => bytes; null where an id is unknown
Napi::Value decode(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const DecodeArguments arguments(info);
  if (arguments.size == bpe::Decoder::kUnknownId) return env.Null();
  if (arguments.size >= kHandOverBytes) {
    parallel::KeptBuffer memory(arguments.size);
    arguments.write(memory.data());
    if (const napi_value buffer = hand_over(env, memory, arguments.size)) {
      return Napi::Uint8Array::New(env, arguments.size, Napi::ArrayBuffer(env, buffer), 0);
    }
  }
  auto out = Napi::Uint8Array::New(env, arguments.size);
  arguments.write(out.Data());
  return out;
}

// (decoder, ids, skipSpecial) => string; null where an id is unknown, the bytes are not UTF-8, or V8 has no strings of that length
Napi::Value decode_text(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const DecodeArguments arguments(info);
  if (arguments.size == bpe::Decoder::kUnknownId) return env.Null();
  const parallel::KeptBuffer utf8(arguments.size + 1);
  arguments.write(utf8.data());
  const size_t ascii = text::ascii_prefix(utf8.data(), arguments.size);
  napi_value string = nullptr;
  if (ascii == arguments.size) {
    const napi_status status = napi_create_string_latin1(env, reinterpret_cast<const char*>(utf8.data()), ascii, &string);
    return status == napi_ok ? Napi::Value(env, string) : env.Null();
  }
  const parallel::KeptBuffer utf16((arguments.size + text::kUtf16Padding) * sizeof(char16_t));
  char16_t* const units = reinterpret_cast<char16_t*>(utf16.data());
  const size_t count = text::to_utf16(utf8.data(), arguments.size, units);
  if (count == text::kMalformed) return env.Null();
  return napi_create_string_utf16(env, units, count, &string) == napi_ok ? Napi::Value(env, string) : env.Null();
}

}  // namespace

void register_decoder(Napi::Env env, Napi::Object exports) {
  exports.Set("createDecoder", Napi::Function::New(env, create_decoder, "createDecoder"));
  exports.Set("decode", Napi::Function::New(env, decode, "decode"));
  exports.Set("decodeText", Napi::Function::New(env, decode_text, "decodeText"));
}

}  // namespace merganser::addon
