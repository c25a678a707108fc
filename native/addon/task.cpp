#include "task.hpp"

namespace merganser::addon {
namespace {

Napi::Value cancel_job(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), task_of(info[0]).cancel()); }

// (job) => message | null
Napi::Value job_error(const Napi::CallbackInfo& info) {
  const char* const error = task_of(info[0]).error();
  return error ? Napi::String::New(info.Env(), error) : info.Env().Null();
}

}  // namespace

void register_tasks(Napi::Env env, Napi::Object exports) {
  exports.Set("cancelJob", Napi::Function::New(env, cancel_job, "cancelJob"));
  exports.Set("jobError", Napi::Function::New(env, job_error, "jobError"));
}

}  // namespace merganser::addon
