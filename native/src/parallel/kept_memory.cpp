#include "merganser/parallel/kept_memory.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace merganser::parallel {
namespace {

// Lets the system have the pages when it needs them. Until then they stay as they are, and writing to them costs nothing extra.
void offer_to_system(const KeptMemory::Block& block) {
#if defined(__linux__) && defined(MADV_FREE)
  constexpr uintptr_t kPage = 4096;
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(block.data) + kPage - 1) & ~(kPage - 1);
  const uintptr_t end = (reinterpret_cast<uintptr_t>(block.data) + block.bytes) & ~(kPage - 1);
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_FREE);
#else
  static_cast<void>(block);
#endif
}

}  // namespace

KeptMemory& KeptMemory::shared() {
  // Never destroyed: results may be given back while the process ends.
  static KeptMemory& memory = *new KeptMemory;
  return memory;
}

KeptMemory::Block KeptMemory::take(size_t bytes) {
  const std::lock_guard lock(mutex_);
  const auto fits = std::find_if(blocks_.rbegin(), blocks_.rend(), [&](const Block& block) { return block.bytes >= bytes && block.bytes / 2 <= bytes; });
  if (fits == blocks_.rend()) return {};
  Block block = *fits;
  block.offered = false;
  blocks_.erase(std::next(fits).base());
  bytes_ -= block.bytes;
  return block;
}

void KeptMemory::give(Block block) {
  if (block.bytes < kAtLeast || block.bytes > kLimit) return std::free(block.data);
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

void KeptMemory::offer_older() {
  size_t newer = 0;
  for (auto block = blocks_.rbegin(); block != blocks_.rend(); newer += block->bytes, ++block) {
    if (newer + block->bytes <= kAtHand || block->offered) continue;
    offer_to_system(*block);
    block->offered = true;
  }
}

}  // namespace merganser::parallel
