#include "device_array.h"
#include "plugin.h"

namespace merganser::cuda {
namespace {

constexpr unsigned threads_per_block = 128;

__global__ void __launch_bounds__(threads_per_block) add(const float* left, const float* right, float* sum, std::size_t count) {
  const std::size_t index = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (index < count) sum[index] = left[index] + right[index];
}

}  // namespace
}  // namespace merganser::cuda

int32_t merganser_cuda_add_vectors(int32_t device, const float* left, const float* right, float* sum, size_t count) {
  using namespace merganser::cuda;
  return guarded([&] {
    check(cudaSetDevice(device));
    DeviceArray<float> device_left(left, count), device_right(right, count), device_sum(count);
    if (count > 0) {
      const auto blocks = static_cast<unsigned>((count + threads_per_block - 1) / threads_per_block);
      MERGANSER_LAUNCH(add, blocks, threads_per_block)(device_left.data(), device_right.data(), device_sum.data(), count);
      check(cudaGetLastError());
    }
    device_sum.copy_to(sum);
  });
}
