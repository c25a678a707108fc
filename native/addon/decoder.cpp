// Ids back to bytes and to strings, by concatenation.
#include <napi.h>

#include <cstring>

#include "environment.hpp"
#include "handed_over.hpp"
#include "merganser/bpe/decoder.hpp"
#include "merganser/parallel/kept_buffer.hpp"
#include "merganser/text/utf16.hpp"
#include "merganser/text/utf8_check.hpp"
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

// null where the bytes are not UTF-8, or V8 has no strings of that length
Napi::Value string_of(Napi::Env env, parallel::KeptBuffer& utf8, size_t size, bool ascii) {
  const bool big = size >= kHandOverBytes;
  napi_value string = nullptr;
  napi_status status = napi_ok;
  if (ascii) {
    if (big) string = hand_over_latin1(env, utf8, size);
    if (!string) status = napi_create_string_latin1(env, reinterpret_cast<const char*>(utf8.data()), size, &string);
  } else {
    parallel::KeptBuffer utf16((size + text::kUtf16Padding) * sizeof(char16_t));
    char16_t* const units = reinterpret_cast<char16_t*>(utf16.data());
    const size_t length = text::to_utf16(utf8.data(), size, units);
    if (length == text::kMalformed) return env.Null();
    if (big) string = hand_over_utf16(env, utf16, length);
    if (!string) status = napi_create_string_utf16(env, units, length, &string);
  }
  return status == napi_ok ? Napi::Value(env, string) : env.Null();
}

// Decodes (decoder, ids, skipSpecial) into a buffer.
bpe::Decoder::Decoded decode_into(const Napi::CallbackInfo& info, parallel::KeptBuffer& out) {
  const auto ids = info[1].As<Napi::Uint32Array>();
  return shared_of<bpe::Decoder>(info[0]).decode(ids.Data(), ids.ElementLength(), info[2].ToBoolean(), out);
}

// What was decoded into the buffer, which is lost if it is large.
Napi::Value bytes_of_buffer(Napi::Env env, parallel::KeptBuffer& memory, size_t size) {
  if (size >= kHandOverBytes) {
    if (const napi_value buffer = hand_over(env, memory, size)) return Napi::Uint8Array::New(env, size, Napi::ArrayBuffer(env, buffer), 0);
  }
  auto out = Napi::Uint8Array::New(env, size);
  if (size > 0) std::memcpy(out.Data(), memory.data(), size);
  if (size >= kHandOverBytes) memory = {};
  return out;
}

// (decoder, ids, skipSpecial) => bytes; null where an id is unknown
Napi::Value decode(const Napi::CallbackInfo& info) {
  parallel::KeptBuffer& memory = Environment::of(info.Env()).decoded;
  const size_t size = decode_into(info, memory).size;
  return size == bpe::Decoder::kUnknownId ? info.Env().Null() : bytes_of_buffer(info.Env(), memory, size);
}

// The same; null also where the bytes are not UTF-8
Napi::Value decode_well_formed(const Napi::CallbackInfo& info) {
  parallel::KeptBuffer& memory = Environment::of(info.Env()).decoded;
  const auto [size, partial, ascii] = decode_into(info, memory);
  if (size == bpe::Decoder::kUnknownId || (partial && text::find_malformed(memory.data(), size) < size)) return info.Env().Null();
  return bytes_of_buffer(info.Env(), memory, size);
}

// (decoder, ids, skipSpecial) => string; null where an id is unknown, the bytes are not UTF-8, or V8 has no strings of that length
Napi::Value decode_text(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  parallel::KeptBuffer& utf8 = Environment::of(env).decoded;
  const auto [size, partial, ascii] = decode_into(info, utf8);
  if (size == bpe::Decoder::kUnknownId) return env.Null();
  const Napi::Value text = string_of(env, utf8, size, ascii);
  if (size >= kHandOverBytes) utf8 = {};
  return text;
}

}  // namespace

void register_decoder(Napi::Env env, Napi::Object exports) {
  exports.Set("createDecoder", Napi::Function::New(env, create_decoder, "createDecoder"));
  exports.Set("decode", Napi::Function::New(env, decode, "decode"));
  exports.Set("decodeWellFormed", Napi::Function::New(env, decode_well_formed, "decodeWellFormed"));
  exports.Set("decodeText", Napi::Function::New(env, decode_text, "decodeText"));
}

}  // namespace merganser::addon
