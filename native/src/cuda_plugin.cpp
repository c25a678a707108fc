#include "merganser/cuda_plugin.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>

#include "../../cuda/plugin.h"

#if defined(_WIN32)
#if !defined(NOMINMAX)
#define NOMINMAX
#endif
#include <windows.h>

#include "merganser/io/system_path.hpp"
#else
#include <dlfcn.h>
#endif

namespace merganser {
namespace {

#if defined(_WIN32)
void* open_library(const std::string& path) {
  if (HMODULE library = LoadLibraryW(io::system_path(path).c_str())) return library;
  throw std::runtime_error("could not load " + path + ": error " + std::to_string(GetLastError()));
}
void* find_symbol(void* library, const char* name) { return reinterpret_cast<void*>(GetProcAddress(static_cast<HMODULE>(library), name)); }
#else
void* open_library(const std::string& path) {
  if (void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
  throw std::runtime_error(dlerror());
}
void* find_symbol(void* library, const char* name) { return dlsym(library, name); }
#endif

}  // namespace

CudaPlugin& CudaPlugin::open(const std::string& path) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<CudaPlugin>> opened;
  const std::lock_guard lock(mutex);
  std::unique_ptr<CudaPlugin>& plugin = opened[path];
  if (plugin == nullptr) plugin.reset(new CudaPlugin(path));
  return *plugin;
}

CudaPlugin::CudaPlugin(const std::string& path) : library_(open_library(path)) {
  const auto version = find<decltype(&merganser_cuda_abi_version)>("merganser_cuda_abi_version")();
  if (version != MERGANSER_CUDA_ABI_VERSION) {
    throw std::runtime_error("expected a plug-in with interface version " + std::to_string(MERGANSER_CUDA_ABI_VERSION) + ", but " + path +
                             " has version " + std::to_string(version));
  }
}

template <typename Function>
Function CudaPlugin::find(const char* name) const {
  if (void* symbol = find_symbol(library_, name)) return reinterpret_cast<Function>(symbol);
  throw std::runtime_error(std::string("the library has no function ") + name + ", so it is not merganser's CUDA plug-in");
}

void CudaPlugin::check(std::int32_t status) const {
  if (status != 0) throw std::runtime_error(find<decltype(&merganser_cuda_last_error)>("merganser_cuda_last_error")());
}

std::vector<CudaPlugin::Device> CudaPlugin::devices() const {
  std::int32_t count = 0;
  check(find<decltype(&merganser_cuda_device_count)>("merganser_cuda_device_count")(&count));
  const auto describe = find<decltype(&merganser_cuda_describe_device)>("merganser_cuda_describe_device");
  std::vector<Device> devices;
  for (std::int32_t index = 0; index < count; ++index) {
    merganser_cuda_device device;
    check(describe(index, &device));
    devices.push_back({device.name, device.memory_bytes, device.compute_major, device.compute_minor, device.multiprocessors});
  }
  return devices;
}

void CudaPlugin::add_vectors(std::int32_t device, const float* left, const float* right, float* sum, std::size_t count) const {
  check(find<decltype(&merganser_cuda_add_vectors)>("merganser_cuda_add_vectors")(device, left, right, sum, count));
}

}  // namespace merganser
