// How the plug-in's functions report failures: exceptions inside, a status and a message at the C interface.
#pragma once

#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>

#include "runtime.h"

namespace merganser::cuda {

/// This thread's last message.
std::string& last_error();

inline void check(cudaError_t status) {
  if (status != cudaSuccess) throw std::runtime_error(cudaGetErrorString(status));
}

/// Runs `body`; returns 0, or 1 after keeping the message of what it threw.
template <typename Body>
std::int32_t guarded(Body body) noexcept {
  try {
    body();
    return 0;
  } catch (const std::exception& error) {
    last_error() = error.what();
    return 1;
  }
}

}  // namespace merganser::cuda
