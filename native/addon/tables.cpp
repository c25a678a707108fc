// What encoders and models derive from their specifications, as bytes to keep; the checksum for files that hold such bytes; and parts of tokenizer.json.
#include <napi.h>

#include <memory>

#include "merganser/bpe/encoder.hpp"
#include "merganser/bpe/piece_tokenizer.hpp"
#include "merganser/bpe/saved_tables.hpp"
#include "merganser/io/token_json_scanner.hpp"
#include "merganser/io/xxh64.hpp"
#include "read_ahead.hpp"
#include "reading.hpp"
#include "shared_objects.hpp"

namespace merganser::addon {
namespace {

template <typename T>
Napi::Value to_array(Napi::Env env, const std::vector<T>& values) {
  auto array = Napi::TypedArrayOf<T>::New(env, values.size());
  if (!values.empty()) std::memcpy(array.Data(), values.data(), values.size() * sizeof(T));
  return array;
}

// (encoder) => bytes
Napi::Value encoder_tables(const Napi::CallbackInfo& info) { return to_array(info.Env(), shared_of<bpe::Encoder>(info[0]).save_tables()); }

// (model) => bytes
Napi::Value bpe_tables(const Napi::CallbackInfo& info) {
  return to_array(info.Env(), bpe::save_tables(shared_of<bpe::PieceTokenizer>(info[0]).model(), nullptr, nullptr));
}

io::TokenTable token_table(const Napi::CallbackInfo& info) { return {bytes_of(info[0]).data, info[1].As<Napi::Uint32Array>().Data()}; }

// (tokenBytes, tokenOffsets, ids | null, pretty) => bytes
Napi::Value vocabulary_json(const Napi::CallbackInfo& info) {
  const bool pretty = info[3].ToBoolean();
  if (info[2].IsNull())
    return to_array(info.Env(), io::vocabulary_json(token_table(info), nullptr, info[1].As<Napi::Uint32Array>().ElementLength() - 1, pretty));
  const auto ids = info[2].As<Napi::Uint32Array>();
  return to_array(info.Env(), io::vocabulary_json(token_table(info), ids.Data(), ids.ElementLength(), pretty));
}

// (tokenBytes, tokenOffsets, triples, pretty) => bytes
Napi::Value merges_json(const Napi::CallbackInfo& info) {
  const auto triples = info[2].As<Napi::Uint32Array>();
  return to_array(info.Env(), io::merges_json(token_table(info), triples.Data(), triples.ElementLength() / 3, info[3].ToBoolean()));
}

// (json, start) => { tokenBytes, tokenOffsets, end } | null
Napi::Value scan_vocabulary(const Napi::CallbackInfo& info) {
  const ByteSpan json = bytes_of(info[0]);
  const auto vocabulary = io::scan_vocabulary({json.data, json.size}, static_cast<size_t>(info[1].ToNumber().Int64Value()));
  if (!vocabulary) return info.Env().Null();
  auto result = Napi::Object::New(info.Env());
  result["tokenBytes"] = to_array(info.Env(), vocabulary->bytes);
  result["tokenOffsets"] = to_array(info.Env(), vocabulary->offsets);
  result["end"] = Napi::Number::New(info.Env(), static_cast<double>(vocabulary->end));
  return result;
}

// (json, start, tokenBytes, tokenOffsets) => { merges, end } | null
Napi::Value scan_merges(const Napi::CallbackInfo& info) {
  const ByteSpan json = bytes_of(info[0]);
  const auto offsets = info[3].As<Napi::Uint32Array>();
  const auto merges = io::scan_merges({json.data, json.size}, static_cast<size_t>(info[1].ToNumber().Int64Value()),
                                      {bytes_of(info[2]).data, offsets.Data()}, offsets.ElementLength() - 1);
  if (!merges) return info.Env().Null();
  auto result = Napi::Object::New(info.Env());
  result["merges"] = to_array(info.Env(), merges->triples);
  result["end"] = Napi::Number::New(info.Env(), static_cast<double>(merges->end));
  return result;
}

// (bytes) => bigint
Napi::Value checksum(const Napi::CallbackInfo& info) {
  const ByteSpan bytes = bytes_of(info[0]);
  const auto ahead = checksum_read_ahead(bytes);
  return Napi::BigInt::New(info.Env(), ahead ? *ahead : io::xxh64(bytes.data, bytes.size));
}

}  // namespace

void register_tables(Napi::Env env, Napi::Object exports) {
  exports.Set("encoderTables", Napi::Function::New(env, encoder_tables, "encoderTables"));
  exports.Set("bpeTables", Napi::Function::New(env, bpe_tables, "bpeTables"));
  exports.Set("vocabularyJson", Napi::Function::New(env, vocabulary_json, "vocabularyJson"));
  exports.Set("mergesJson", Napi::Function::New(env, merges_json, "mergesJson"));
  exports.Set("scanVocabulary", Napi::Function::New(env, scan_vocabulary, "scanVocabulary"));
  exports.Set("scanMerges", Napi::Function::New(env, scan_merges, "scanMerges"));
  exports.Set("checksum", Napi::Function::New(env, checksum, "checksum"));
}

}  // namespace merganser::addon
