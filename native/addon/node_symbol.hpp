// Functions that newer versions of Node export.
#pragma once

#if defined(_WIN32)
#define NOMINMAX
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace merganser::addon {

// A function of the program, or null.
template <typename Function>
Function node_symbol(const char* name) {
#if defined(_WIN32)
  return reinterpret_cast<Function>(GetProcAddress(GetModuleHandleA(nullptr), name));
#else
  return reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
#endif
}

}  // namespace merganser::addon
