// The model alone, on ready pieces.
#include <napi.h>

#include <algorithm>

#include "environment.hpp"
#include "id_array.hpp"
#include "merganser/bpe/piece_tokenizer.hpp"
#include "reading.hpp"
#include "shared_objects.hpp"
#include "specs.hpp"

namespace merganser::addon {
namespace {

// (spec, cacheBytes) => handle
Napi::Value create_bpe(const Napi::CallbackInfo& info) {
  Reader reader(info[0].As<Napi::Object>());
  return handle_on(info.Env(), std::make_shared<bpe::PieceTokenizer>(read_model(reader), static_cast<size_t>(info[1].ToNumber().Int64Value())));
}

// (model, text, pieceOffsets) => number of tokens; then takePieceTokens
Napi::Value encode_pieces(const Napi::CallbackInfo& info) {
  auto& tokenizer = shared_of<bpe::PieceTokenizer>(info[0]);
  const ByteSpan text = bytes_of(info[1]);
  const auto array = info[2].As<Napi::Uint32Array>();
  const uint32_t* pieces = array.Data();
  const size_t count = array.ElementLength();
  Environment& environment = Environment::of(info.Env());
  environment.spans.clear();
  environment.offsets.assign(1, 0);
  environment.ids.clear();
  for (size_t i = 0; i + 1 < count; ++i) {
    const auto tokens = tokenizer.encode(text.data + pieces[i], pieces[i + 1] - pieces[i]);
    uint32_t at = pieces[i];
    for (uint32_t k = 0; k < tokens.count; ++k) {
      environment.ids.push(tokens.ids[k]);
      environment.spans.push_back(at);
      environment.spans.push_back(at += tokens.sizes()[k]);
    }
    environment.offsets.push_back(static_cast<uint32_t>(environment.ids.size()));
  }
  return Napi::Number::New(info.Env(), static_cast<double>(environment.ids.size()));
}

// (ids, spans, offsets): copies the last result of encodePieces
void take_piece_tokens(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  std::copy_n(environment.ids.data(), environment.ids.size(), info[0].As<Napi::Uint32Array>().Data());
  std::copy_n(environment.spans.data(), environment.spans.size(), info[1].As<Napi::Uint32Array>().Data());
  std::copy_n(environment.offsets.data(), environment.offsets.size(), info[2].As<Napi::Uint32Array>().Data());
}

// () => the ids, or numbers, that the last call left
Napi::Value take(const Napi::CallbackInfo& info) { return id_array(info.Env(), Environment::of(info.Env()).ids); }

}  // namespace

void register_bpe(Napi::Env env, Napi::Object exports) {
  exports.Set("createBpe", Napi::Function::New(env, create_bpe, "createBpe"));
  exports.Set("encodePieces", Napi::Function::New(env, encode_pieces, "encodePieces"));
  exports.Set("takePieceTokens", Napi::Function::New(env, take_piece_tokens, "takePieceTokens"));
  exports.Set("take", Napi::Function::New(env, take, "take"));
}

}  // namespace merganser::addon
