// Functions in headers that kernels (*.isa.cpp) use must never be emitted on their own: the linker would keep one copy for all instruction sets.
#pragma once

#if defined(_MSC_VER)
#define MERGANSER_INLINE __forceinline
#else
#define MERGANSER_INLINE inline __attribute__((always_inline))
#endif

// The same for a lambda, after its parameters.
#if defined(_MSC_VER)
#define MERGANSER_INLINE_LAMBDA [[msvc::forceinline]]
#else
#define MERGANSER_INLINE_LAMBDA __attribute__((always_inline))
#endif
