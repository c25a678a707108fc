// The whole encoder, on the calling thread. The two calls that short texts make are written against the C interface: there the way in and out
// costs as much as the work.
#include <napi.h>

#include "environment.hpp"
#include "merganser/bpe/encoder.hpp"
#include "reading.hpp"
#include "shared_objects.hpp"
#include "specs.hpp"
#include "text_argument.hpp"

namespace merganser::addon {
namespace {

// (spec with wordRanges) => handle
Napi::Value create_encoder(const Napi::CallbackInfo& info) {
  Reader reader(info[0].As<Napi::Object>());
  bpe::EncoderSpec spec = read_encoder(reader);
  std::vector<uint32_t> word_ranges = reader.array<uint32_t>("wordRanges");
  return share<bpe::Encoder>(info.Env(), "encoder" + reader.fingerprint(),
                             [&] { return std::make_shared<bpe::Encoder>(std::move(spec), std::move(word_ranges)); });
}

bpe::Encoder& encoder_of(napi_env env, napi_value handle) {
  void* holder = nullptr;
  napi_get_value_external(env, handle, &holder);
  return *static_cast<bpe::Encoder*>(static_cast<Holder*>(holder)->get());
}

uint32_t* typed_data(napi_env env, napi_value array, size_t& length) {
  void* data = nullptr;
  napi_get_typedarray_info(env, array, nullptr, &length, &data, nullptr, nullptr);
  return static_cast<uint32_t*>(data);
}

// null if it is no array.
const uint8_t* actions_of(napi_env env, napi_value value) {
  size_t length = 0;
  return reinterpret_cast<const uint8_t*>(typed_data(env, value, length));
}

// A count, or where the text holds a token that is refused: −1 − its number (its place is then refusedAt()).
napi_value result_value(napi_env env, const bpe::EncodeResult& result, Environment& environment) {
  environment.refused_at = result.refused_at;
  napi_value value;
  napi_create_double(env, result.refused ? -1.0 - result.refused_token : static_cast<double>(result.count), &value);
  return value;
}

template <typename Body>
napi_value guarded(napi_env env, Body body) {
  try {
    return body();
  } catch (const std::exception& error) {
    napi_throw_error(env, nullptr, error.what());
    return nullptr;
  }
}

// (encoder, text, actions | null, out, place, continues = false): number of ids. They are in `out` from `place` on if they fit there, else to be fetched with
// `take`.
napi_value encode(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    size_t count = 6;
    napi_value argument[6];
    napi_get_cb_info(env, info, &count, argument, nullptr, nullptr);
    Environment& environment = Environment::of(env);
    const TextArgument text = text_argument(env, argument[1], environment);
    bpe::EncodeOptions options;
    options.actions = actions_of(env, argument[2]);
    if (count > 5) napi_get_value_bool(env, argument[5], &options.continues);
    environment.ids.clear();
    const bpe::EncodeResult result =
        encoder_of(env, argument[0]).encode(text.data, text.size, text.readable, &environment.ids, options);
    size_t room = 0;
    uint32_t place = 0;
    uint32_t* out = typed_data(env, argument[3], room);
    napi_get_value_uint32(env, argument[4], &place);
    if (!result.refused && result.count > 0 && place + result.count <= room) std::memcpy(out + place, environment.ids.data(), result.count * 4);
    return result_value(env, result, environment);
  });
}

// (encoder, text, actions | null, limit): number of ids, or some number > limit.
napi_value count(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    size_t count = 4;
    napi_value argument[4];
    napi_get_cb_info(env, info, &count, argument, nullptr, nullptr);
    Environment& environment = Environment::of(env);
    const TextArgument text = text_argument(env, argument[1], environment);
    double limit = 0;
    napi_get_value_double(env, argument[3], &limit);
    bpe::EncodeOptions options;
    options.actions = actions_of(env, argument[2]);
    options.limit = limit < 1e18 ? static_cast<uint64_t>(limit) : UINT64_MAX;
    return result_value(env, encoder_of(env, argument[0]).encode(text.data, text.size, text.readable, nullptr, options), environment);
  });
}

// (encoder, text, actions | null) => the last place where the text may be cut however it goes on; 0: none is known
Napi::Value last_cut(const Napi::CallbackInfo& info) {
  const ByteSpan text = bytes_of(info[1]);
  const size_t cut = shared_of<bpe::Encoder>(info[0]).find_last_cut(text.data, text.size, 1, actions_of(info.Env(), info[2]));
  return Napi::Number::New(info.Env(), static_cast<double>(cut));
}

Napi::Value refused_at(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(Environment::of(info.Env()).refused_at));
}

// (encoder, text, textOffsets, actions | null, outOffsets): number of ids, to be fetched with `take`; outOffsets (n + 1) is filled.
Napi::Value encode_batch(const Napi::CallbackInfo& info) {
  const bpe::Encoder& encoder = shared_of<bpe::Encoder>(info[0]);
  const ByteSpan text = bytes_of(info[1]);
  const auto from = info[2].As<Napi::Uint32Array>();
  auto to = info[4].As<Napi::Uint32Array>();
  Environment& environment = Environment::of(info.Env());
  environment.ids.clear();
  bpe::EncodeOptions options;
  options.actions = actions_of(info.Env(), info[3]);
  to[0] = 0;
  const bpe::Texts texts{text.data, text.size, from.Data(), from.ElementLength() - 1};
  const bpe::EncodeResult result = encoder.encode_texts(texts, environment.ids, to.Data() + 1, options);
  return {info.Env(), result_value(info.Env(), result, environment)};
}

}  // namespace

void register_encoder(Napi::Env env, Napi::Object exports) {
  exports.Set("createEncoder", Napi::Function::New(env, create_encoder, "createEncoder"));
  exports.Set("lastCut", Napi::Function::New(env, last_cut, "lastCut"));
  exports.Set("refusedAt", Napi::Function::New(env, refused_at, "refusedAt"));
  exports.Set("encodeBatch", Napi::Function::New(env, encode_batch, "encodeBatch"));
  napi_value function;
  napi_create_function(env, "encode", NAPI_AUTO_LENGTH, encode, nullptr, &function);
  exports.Set("encode", function);
  napi_create_function(env, "count", NAPI_AUTO_LENGTH, count, nullptr, &function);
  exports.Set("count", function);
}

}  // namespace merganser::addon
