// The module that Node loads: one registration function per part, each in a file of its own.
#include <napi.h>

#include "merganser/parallel/thread_pool.hpp"
#include "merganser/simd/compiled_name.hpp"

namespace merganser {

void register_cuda(Napi::Env env, Napi::Object exports);

namespace addon {
void register_pattern(Napi::Env env, Napi::Object exports);
void register_bpe(Napi::Env env, Napi::Object exports);
void register_encoder(Napi::Env env, Napi::Object exports);
void register_encode_async(Napi::Env env, Napi::Object exports);
void register_decoder(Napi::Env env, Napi::Object exports);
void register_training(Napi::Env env, Napi::Object exports);
void register_dynamic(Napi::Env env, Napi::Object exports);
void register_tasks(Napi::Env env, Napi::Object exports);
void register_prefixes(Napi::Env env, Napi::Object exports);
void register_clustering(Napi::Env env, Napi::Object exports);
void register_attention(Napi::Env env, Napi::Object exports);
void register_quantizers(Napi::Env env, Napi::Object exports);
void register_reduction(Napi::Env env, Napi::Object exports);
void register_search(Napi::Env env, Napi::Object exports);
void register_handles(Napi::Env env, Napi::Object exports);
void register_mapped_files(Napi::Env env, Napi::Object exports);
void register_tables(Napi::Env env, Napi::Object exports);
void register_read_ahead(Napi::Env env, Napi::Object exports);
}  // namespace addon

namespace {

Napi::Value instruction_set(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), MERGANSER_SELECT(compiled_name)());
}

Napi::Value threads(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), parallel::ThreadPool::shared().size()); }

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("instructionSet", Napi::Function::New(env, instruction_set, "instructionSet"));
  exports.Set("threads", Napi::Function::New(env, threads, "threads"));
  register_cuda(env, exports);
  addon::register_pattern(env, exports);
  addon::register_bpe(env, exports);
  addon::register_encoder(env, exports);
  addon::register_encode_async(env, exports);
  addon::register_decoder(env, exports);
  addon::register_training(env, exports);
  addon::register_dynamic(env, exports);
  addon::register_tasks(env, exports);
  addon::register_prefixes(env, exports);
  addon::register_clustering(env, exports);
  addon::register_attention(env, exports);
  addon::register_quantizers(env, exports);
  addon::register_reduction(env, exports);
  addon::register_search(env, exports);
  addon::register_handles(env, exports);
  addon::register_mapped_files(env, exports);
  addon::register_tables(env, exports);
  addon::register_read_ahead(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(merganser, initialize)

}  // namespace merganser
