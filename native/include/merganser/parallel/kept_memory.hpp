// Memory of big results, kept for the next ones: the first touch of fresh memory costs as much as writing ids into it three times over.
#pragma once
#include <cstddef>
#include <mutex>
#include <vector>

namespace merganser::parallel {

class KeptMemory {
 public:
  // From malloc, or null.
  struct Block {
    void* data = nullptr;
    size_t bytes = 0;
  };
  // What is smaller is left to malloc, which keeps it anyway.
  static constexpr size_t kAtLeast = size_t{1} << 20;

  static KeptMemory& shared();

  // A block of `bytes` to twice as many, if one was kept.
  Block take(size_t bytes);
  // The block is not the caller's any more. Up to `kLimit` bytes are kept, the latest ones; the system may take back their pages when it runs short.
  void give(Block block);

 private:
  static constexpr size_t kLimit = size_t{64} << 20;

  std::mutex mutex_;
  std::vector<Block> blocks_;  // the oldest first
  size_t bytes_ = 0;
};

}  // namespace merganser::parallel
