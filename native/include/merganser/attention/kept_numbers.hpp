// Numbers in memory that is kept for the next call where there are many of them: pages that are touched for the first time cost more than what is written to them.
#pragma once
#include <algorithm>

#include "merganser/parallel/kept_buffer.hpp"

namespace merganser::attention {

class KeptNumbers {
 public:
  // Not initialised.
  void resize(size_t count) {
    const size_t bytes = count * sizeof(float);
    memory_.reserve(bytes < kFew ? bytes : std::max(bytes, parallel::KeptMemory::kAtLeast), 0);
  }
  float* data() const { return reinterpret_cast<float*>(memory_.data()); }

 private:
  // What malloc gives back to the system when it is freed begins at about this size.
  static constexpr size_t kFew = size_t{1} << 17;
  parallel::KeptBuffer memory_;
};

}  // namespace merganser::attention
