// Memory of big results, kept for the next ones: the first touch of fresh memory costs as much as writing ids into it three times over.
#pragma once
#include <chrono>
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
    bool offered = false;  // to the system, while it is kept
  };
  // What is smaller is left to malloc, which keeps it anyway.
  static constexpr size_t kAtLeast = size_t{1} << 20;
  static constexpr size_t kLimit = size_t{64} << 20;
  // One block beyond kLimit is kept besides, the latest, up to this size and for so long: a batch or a long text is often followed by another. Only where the system may have
  // its pages back when it runs short.
  static constexpr size_t kLargest = size_t{1} << (sizeof(size_t) > 4 ? 32 : 29);
  static constexpr std::chrono::seconds kLinger{10};

  static KeptMemory& shared();

  // A block of `bytes` to twice as many, if one was kept.
  Block take(size_t bytes);
  // The block is not the caller's any more. Up to `kLimit` bytes are kept, the latest ones, and a large block. Beyond the latest `kAtHand` the system may take back their pages
  // when it runs short; not before, because writing to a page that was offered costs 0.7 µs on a virtual machine, although it is still there.
  void give(Block block);
  // A thread that has nothing to do calls this every kLinger: a large block that is as old goes back to the system.
  void let_large_go();

 private:
  static constexpr size_t kAtHand = size_t{32} << 20;

  void offer_older();
  void keep_large(Block block);

  std::mutex mutex_;
  std::vector<Block> blocks_;  // the oldest first
  size_t bytes_ = 0;
  Block large_;
  std::chrono::steady_clock::time_point large_since_;
};

}  // namespace merganser::parallel
