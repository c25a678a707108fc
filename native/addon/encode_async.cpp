// Encoding off the JavaScript thread.
#include <napi.h>

#include <algorithm>

#include "encode_job.hpp"
#include "environment.hpp"
#include "id_array.hpp"
#include "reading.hpp"
#include "shared_objects.hpp"

namespace merganser::addon {
namespace {

using JobHandle = Napi::External<std::shared_ptr<EncodeJob>>;

EncodeJob& job_of(const Napi::Value& handle) { return **handle.As<JobHandle>().Data(); }

// Whether chunks end where texts do: a getter of a later text may have taken memory of an earlier one away, and arrays may lie about their length.
bool fits(const EncodeJob::Input& input) {
  const auto& offsets = input.offsets;
  const auto ends_a_text = [&](const EncodeJob::Chunk& chunk) { return std::binary_search(offsets.begin(), offsets.end(), chunk.end); };
  return std::is_sorted(offsets.begin(), offsets.end()) && input.size() == offsets.back() && std::all_of(input.chunks.begin(), input.chunks.end(), ends_a_text);
}

// (encoder, chunks, checked, textOffsets, actions | null, continues, listener) => job | null: the chunks do not hold the texts
Napi::Value start_encoding(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto chunks = info[1].As<Napi::Array>();
  const auto offsets = info[3].As<Napi::Uint32Array>();
  EncodeJob::Input input{pointer_of<bpe::Encoder>(info[0]), {}, info[2].As<Napi::Boolean>(), {offsets.Data(), offsets.Data() + offsets.ElementLength()}, {}, info[5].As<Napi::Boolean>()};
  for (uint32_t i = 0; i < chunks.Length(); ++i) input.add_chunk(bytes_of(chunks[i]));
  if (!info[4].IsNull()) {
    const ByteSpan actions = bytes_of(info[4]);
    input.actions.assign(actions.data, actions.data + actions.size);
  }
  if (!fits(input)) return env.Null();
  auto job = std::make_shared<EncodeJob>(env, std::move(input), info[6].As<Napi::Function>(), chunks);
  job->begin(env);
  return JobHandle::New(env, new std::shared_ptr<EncodeJob>(job), [](Napi::Env, std::shared_ptr<EncodeJob>* gone) { delete gone; });
}

// (job) => whether to call it again in the next turn of the event loop
Napi::Value copy_more(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), job_of(info[0]).copy_more(info.Env())); }

// (job) => whether threads are at it, so that the listener is called for the last time soon
Napi::Value cancel_encoding(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), job_of(info[0]).cancel()); }

// (job) => number of ids | −1 − number of a refused token (refusedAt() tells its place) | message of an error | null: not UTF-8 | undefined: a text's memory was taken away
Napi::Value encoding_result(const Napi::CallbackInfo& info) {
  EncodeJob& job = job_of(info[0]);
  if (job.error()) return Napi::String::New(info.Env(), job.error());
  if (job.taken_away()) return info.Env().Undefined();
  if (job.malformed()) return info.Env().Null();
  Environment::of(info.Env()).refused_at = job.refused().refused_at;
  return Napi::Number::New(info.Env(), job.refused().refused ? -1.0 - job.refused().refused_token : static_cast<double>(job.values().size()));
}

// (job, offsets) => ids; offsets (texts + 1) is filled
Napi::Value take_encoding(const Napi::CallbackInfo& info) {
  EncodeJob& job = job_of(info[0]);
  const auto& offsets = job.value_offsets();
  std::copy(offsets.begin(), offsets.end(), info[1].As<Napi::Uint32Array>().Data());
  return id_array(info.Env(), job.values(), HandOver::always);
}

}  // namespace

void register_encode_async(Napi::Env env, Napi::Object exports) {
  exports.Set("startEncoding", Napi::Function::New(env, start_encoding, "startEncoding"));
  exports.Set("copyMoreToEncode", Napi::Function::New(env, copy_more, "copyMoreToEncode"));
  exports.Set("cancelEncoding", Napi::Function::New(env, cancel_encoding, "cancelEncoding"));
  exports.Set("encodingResult", Napi::Function::New(env, encoding_result, "encodingResult"));
  exports.Set("takeEncoding", Napi::Function::New(env, take_encoding, "takeEncoding"));
}

}  // namespace merganser::addon
