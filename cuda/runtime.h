// What every .cu file includes: the CUDA runtime, or its emulation on the CPU (CMake option MERGANSER_CUDA_EMULATION).
#pragma once

#if defined(MERGANSER_CUDA_EMULATION)
#include "host_emulation.h"
#else
#include <cuda_runtime.h>

/// Launches a kernel on the default stream: MERGANSER_LAUNCH(kernel, blocks, threads_per_block)(arguments).
#define MERGANSER_LAUNCH(kernel, blocks, threads) kernel<<<blocks, threads>>>
#endif
