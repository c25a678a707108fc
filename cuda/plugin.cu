#include "plugin.h"

#include <cstring>

#include "error.h"

namespace merganser::cuda {

std::string& last_error() {
  thread_local std::string message = "no error";
  return message;
}

}  // namespace merganser::cuda

using namespace merganser::cuda;

uint32_t merganser_cuda_abi_version(void) { return MERGANSER_CUDA_ABI_VERSION; }

const char* merganser_cuda_last_error(void) { return last_error().c_str(); }

int32_t merganser_cuda_device_count(int32_t* count) {
  return guarded([&] {
    // Without any driver the runtime would call the driver "insufficient", which sends people on the wrong track.
    int driver = 0;
    check(cudaDriverGetVersion(&driver));
    if (driver == 0) throw std::runtime_error("no NVIDIA driver is installed");
    int devices = 0;
    check(cudaGetDeviceCount(&devices));
    *count = devices;
  });
}

int32_t merganser_cuda_describe_device(int32_t index, merganser_cuda_device* device) {
  return guarded([&] {
    cudaDeviceProp properties;
    check(cudaGetDeviceProperties(&properties, index));
    *device = {};
    static_assert(sizeof device->name == sizeof properties.name);
    std::memcpy(device->name, properties.name, sizeof device->name);
    device->memory_bytes = properties.totalGlobalMem;
    device->compute_major = properties.major;
    device->compute_minor = properties.minor;
    device->multiprocessors = properties.multiProcessorCount;
  });
}
