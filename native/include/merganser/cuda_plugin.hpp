#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace merganser {

/// The CUDA plug-in (cuda/plugin.h), a shared library that is opened where it is present. It is never closed: CUDA's state outlives its users.
class CudaPlugin {
 public:
  struct Device {
    std::string name;
    std::uint64_t memory_bytes;
    std::int32_t compute_major, compute_minor;
    std::int32_t multiprocessors;
  };

  /// Opens the plug-in at `path`, or returns the one that was opened there before; any thread may call. Throws std::runtime_error with the
  /// reason if there is no such library or its interface has another version.
  static CudaPlugin& open(const std::string& path);

  /// Throws std::runtime_error with the driver's reason if no device can be used.
  std::vector<Device> devices() const;

  /// sum[i] = left[i] + right[i] on a device. Throws std::runtime_error.
  void add_vectors(std::int32_t device, const float* left, const float* right, float* sum, std::size_t count) const;

 private:
  explicit CudaPlugin(const std::string& path);

  template <typename Function>
  Function find(const char* name) const;
  void check(std::int32_t status) const;

  void* library_;
};

}  // namespace merganser
