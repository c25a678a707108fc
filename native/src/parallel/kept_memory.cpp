#include "merganser/parallel/kept_memory.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace merganser::parallel {
namespace {

// Lets the system have the pages when it needs them. Until then they stay as they are, and writing to them costs nothing extra. false: it cannot have them.
bool offer_to_system([[maybe_unused]] const KeptMemory::Block& block) {
#if defined(__linux__) && defined(MADV_FREE)
  // Of the system that runs this: others' pages are larger, and a range is rounded up to whole ones, over what stands behind the block.
  static const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(block.data) + page - 1) & ~(page - 1);
  const uintptr_t end = (reinterpret_cast<uintptr_t>(block.data) + block.bytes) & ~(page - 1);
  return begin < end && madvise(reinterpret_cast<void*>(begin), end - begin, MADV_FREE) == 0;
#else
  return false;
#endif
}

bool fits(const KeptMemory::Block& block, size_t bytes) { return block.bytes >= bytes && block.bytes / 2 <= bytes; }

}  // namespace

KeptMemory& KeptMemory::shared() {
  // Never destroyed: results may be given back while the process ends.
  static KeptMemory& memory = *new KeptMemory;
  return memory;
}

KeptMemory::Block KeptMemory::take(size_t bytes) {
  const std::lock_guard lock(mutex_);
  if (fits(large_, bytes)) return std::exchange(large_, {});
  const auto found = std::find_if(blocks_.rbegin(), blocks_.rend(), [&](const Block& block) { return fits(block, bytes); });
  if (found == blocks_.rend()) return {};
  Block block = *found;
  block.offered = false;
  blocks_.erase(std::next(found).base());
  bytes_ -= block.bytes;
  return block;
}

void KeptMemory::give(Block block) {
  if (block.bytes < kAtLeast) return std::free(block.data);
  if (block.bytes > kLimit) return keep_large(block);
  const std::lock_guard lock(mutex_);
  while (bytes_ + block.bytes > kLimit) {
    std::free(blocks_.front().data);
    bytes_ -= blocks_.front().bytes;
    blocks_.erase(blocks_.begin());
  }
  // Buffers give from their destructors.
  try {
    blocks_.push_back(block);
  } catch (const std::bad_alloc&) {
    return std::free(block.data);
  }
  bytes_ += block.bytes;
  offer_older();
}

void KeptMemory::keep_large(Block block) {
  if (block.bytes <= kLargest && offer_to_system(block)) {
    const std::lock_guard lock(mutex_);
    std::swap(block, large_);
    large_since_ = std::chrono::steady_clock::now();
  }
  std::free(block.data);
}

void KeptMemory::let_large_go() {
  Block block;
  {
    const std::lock_guard lock(mutex_);
    if (std::chrono::steady_clock::now() - large_since_ >= kLinger) block = std::exchange(large_, {});
  }
  std::free(block.data);
}

void KeptMemory::offer_older() {
  size_t newer = 0;
  for (auto block = blocks_.rbegin(); block != blocks_.rend(); newer += block->bytes, ++block) {
    if (newer + block->bytes <= kAtHand || block->offered) continue;
    offer_to_system(*block);
    block->offered = true;
  }
}

}  // namespace merganser::parallel
