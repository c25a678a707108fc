#pragma once

#include <cstddef>

#include "error.h"

namespace merganser::cuda {

/// An array in the current device's memory.
template <typename T>
class DeviceArray {
 public:
  explicit DeviceArray(std::size_t size) : size_(size) { check(cudaMalloc(&data_, size * sizeof(T))); }
  DeviceArray(const T* host, std::size_t size) : DeviceArray(size) {
    check(cudaMemcpy(data_, host, size * sizeof(T), cudaMemcpyHostToDevice));
  }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;
  ~DeviceArray() { cudaFree(data_); }

  T* data() { return data_; }
  /// Waits for the kernels before it.
  void copy_to(T* host) const { check(cudaMemcpy(host, data_, size_ * sizeof(T), cudaMemcpyDeviceToHost)); }

 private:
  T* data_ = nullptr;
  std::size_t size_;
};

}  // namespace merganser::cuda
