// Enough of CUDA to run kernels on the CPU, so that their logic and the plug-in's interface are tested where there is no GPU. Not fast, and not
// meant to be: each thread of a block is a thread of the system, so __syncthreads works; blocks follow one another, so __shared__ can be static.
#pragma once

#include <barrier>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __shared__ static
#define __launch_bounds__(...)

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
};

inline thread_local dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace merganser::cuda_emulation {

inline thread_local std::barrier<>* block_barrier = nullptr;

/// One-dimensional launches only. Returns when the kernel has run.
template <typename Kernel>
auto launch(Kernel kernel, unsigned blocks, unsigned threads) {
  return [=](auto... arguments) {
    std::barrier<> barrier(threads);
    std::vector<std::jthread> block;
    block.reserve(threads);
    for (unsigned thread = 0; thread < threads; ++thread) {
      block.emplace_back([=, &barrier] {
        block_barrier = &barrier;
        threadIdx = {thread}, blockDim = {threads}, gridDim = {blocks};
        for (unsigned index = 0; index < blocks; ++index) {
          blockIdx = {index};
          kernel(arguments...);
          barrier.arrive_and_wait();
        }
      });
    }
  };
}

}  // namespace merganser::cuda_emulation

inline void __syncthreads() { merganser::cuda_emulation::block_barrier->arrive_and_wait(); }

#define MERGANSER_LAUNCH(kernel, blocks, threads) ::merganser::cuda_emulation::launch(kernel, blocks, threads)

enum cudaError_t { cudaSuccess, cudaErrorInvalidDevice, cudaErrorMemoryAllocation };
enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost };

struct cudaDeviceProp {
  char name[256];
  std::size_t totalGlobalMem;
  int major, minor, multiProcessorCount;
};

inline const char* cudaGetErrorString(cudaError_t status) {
  return status == cudaErrorInvalidDevice ? "invalid device ordinal" : status == cudaErrorMemoryAllocation ? "out of memory" : "no error";
}
inline cudaError_t cudaGetLastError() { return cudaSuccess; }
inline cudaError_t cudaDriverGetVersion(int* version) { return *version = 1, cudaSuccess; }
inline cudaError_t cudaGetDeviceCount(int* count) { return *count = 1, cudaSuccess; }
inline cudaError_t cudaSetDevice(int device) { return device == 0 ? cudaSuccess : cudaErrorInvalidDevice; }
inline cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (device != 0) return cudaErrorInvalidDevice;
  *properties = {"CPU emulation", 0, 0, 0, 1};
  return cudaSuccess;
}
template <typename T>
cudaError_t cudaMalloc(T** pointer, std::size_t bytes) {
  *pointer = static_cast<T*>(std::malloc(bytes));
  return *pointer == nullptr && bytes > 0 ? cudaErrorMemoryAllocation : cudaSuccess;
}
inline cudaError_t cudaFree(void* pointer) { return std::free(pointer), cudaSuccess; }
inline cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind) {
  std::memcpy(to, from, bytes);
  return cudaSuccess;
}
