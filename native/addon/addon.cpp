// The module that Node loads: one registration function per part, each in a file of its own.
#include <napi.h>

#include "merganser/simd/compiled_name.hpp"

namespace merganser {

void register_cuda(Napi::Env env, Napi::Object exports);

namespace {

Napi::Value instruction_set(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), MERGANSER_SELECT(compiled_name)());
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("instructionSet", Napi::Function::New(env, instruction_set, "instructionSet"));
  register_cuda(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(merganser, initialize)

}  // namespace merganser
