/*
 * The interface between the addon and the CUDA plug-in (libmerganser_cuda.so), which is opened at run time.
 * Plain C: no type of CUDA or of the C++ library crosses it. Whoever changes anything here raises MERGANSER_CUDA_ABI_VERSION.
 *
 * Functions that can fail return 0 on success, and otherwise leave a message for merganser_cuda_last_error.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define MERGANSER_CUDA_ABI_VERSION 1

#if defined(_WIN32)
#define MERGANSER_CUDA_EXPORT __declspec(dllexport)
#else
#define MERGANSER_CUDA_EXPORT __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct merganser_cuda_device {
  char name[256];
  uint64_t memory_bytes;
  int32_t compute_major;
  int32_t compute_minor;
  int32_t multiprocessors;
} merganser_cuda_device;

/* MERGANSER_CUDA_ABI_VERSION of the plug-in. This function never changes. */
MERGANSER_CUDA_EXPORT uint32_t merganser_cuda_abi_version(void);

/* Message of this thread's last failure; valid until its next call. Never null. */
MERGANSER_CUDA_EXPORT const char* merganser_cuda_last_error(void);

/* Fails where no driver or no device can be used. */
MERGANSER_CUDA_EXPORT int32_t merganser_cuda_device_count(int32_t* count);
MERGANSER_CUDA_EXPORT int32_t merganser_cuda_describe_device(int32_t index, merganser_cuda_device* device);

/* sum[i] = left[i] + right[i] on a device: shows that memory and kernels of this build work there. */
MERGANSER_CUDA_EXPORT int32_t merganser_cuda_add_vectors(int32_t device, const float* left, const float* right, float* sum, size_t count);

#ifdef __cplusplus
}
#endif
