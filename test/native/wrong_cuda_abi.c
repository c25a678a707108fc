/* A plug-in of another version, which the addon must refuse. */
#include "../../cuda/plugin.h"

uint32_t merganser_cuda_abi_version(void) { return MERGANSER_CUDA_ABI_VERSION + 1; }
