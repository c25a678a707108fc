// The CUDA plug-in for JavaScript. Failures come back as strings: TypeScript decides whether they are errors.
#include <napi.h>

#include <stdexcept>

#include "merganser/cuda_plugin.hpp"

namespace merganser {
namespace {

using PluginHandle = Napi::External<CudaPlugin>;

template <typename Body>
Napi::Value reason_or(Napi::Env env, Body body) {
  try {
    return body();
  } catch (const std::runtime_error& error) {
    return Napi::String::New(env, error.what());
  }
}

const CudaPlugin& plugin_of(const Napi::CallbackInfo& info) { return *info[0].As<PluginHandle>().Data(); }

/// (path) => handle | reason
Napi::Value open_cuda_plugin(const Napi::CallbackInfo& info) {
  return reason_or(info.Env(), [&] { return PluginHandle::New(info.Env(), &CudaPlugin::open(info[0].As<Napi::String>())); });
}

/// (handle) => devices | reason
Napi::Value cuda_devices(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return reason_or(env, [&]() -> Napi::Value {
    Napi::Array list = Napi::Array::New(env);
    for (const CudaPlugin::Device& device : plugin_of(info).devices()) {
      Napi::Object entry = Napi::Object::New(env);
      entry.Set("name", device.name);
      entry.Set("memoryBytes", static_cast<double>(device.memory_bytes));
      entry.Set("computeCapability", std::to_string(device.compute_major) + "." + std::to_string(device.compute_minor));
      entry.Set("multiprocessors", device.multiprocessors);
      list.Set(list.Length(), entry);
    }
    return list;
  });
}

/// (handle, device, left, right, sum) => undefined | reason
Napi::Value cuda_add_vectors(const Napi::CallbackInfo& info) {
  return reason_or(info.Env(), [&]() -> Napi::Value {
    const auto left = info[2].As<Napi::Float32Array>(), right = info[3].As<Napi::Float32Array>();
    auto sum = info[4].As<Napi::Float32Array>();
    plugin_of(info).add_vectors(info[1].As<Napi::Number>(), left.Data(), right.Data(), sum.Data(), sum.ElementLength());
    return info.Env().Undefined();
  });
}

}  // namespace

void register_cuda(Napi::Env env, Napi::Object exports) {
  exports.Set("openCudaPlugin", Napi::Function::New(env, open_cuda_plugin, "openCudaPlugin"));
  exports.Set("cudaDevices", Napi::Function::New(env, cuda_devices, "cudaDevices"));
  exports.Set("cudaAddVectors", Napi::Function::New(env, cuda_add_vectors, "cudaAddVectors"));
}

}  // namespace merganser
