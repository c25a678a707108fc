// Bytes of one owner, from the kept memory where that has a block.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

#include "merganser/parallel/kept_memory.hpp"

namespace merganser::parallel {

class KeptBuffer {
 public:
  KeptBuffer() = default;
  explicit KeptBuffer(size_t bytes) { reserve(bytes, 0); }
  // Takes over a block from malloc.
  explicit KeptBuffer(KeptMemory::Block block) : block_(block) {}
  KeptBuffer(KeptBuffer&& other) noexcept : block_(std::exchange(other.block_, {})) {}
  KeptBuffer& operator=(KeptBuffer&& other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~KeptBuffer() { KeptMemory::shared().give(block_); }

  // Makes the capacity at least `bytes`; the first `used` bytes stay.
  void reserve(size_t bytes, size_t used) {
    if (bytes <= capacity()) return;
    if (used == 0) {
      KeptMemory::shared().give(release());
      if (bytes >= KeptMemory::kAtLeast) block_ = KeptMemory::shared().take(bytes);
      if (block_.data) return;
    }
    void* const data = std::realloc(block_.data, bytes);
    if (!data) throw std::bad_alloc();
    block_ = {data, bytes};
  }

  uint8_t* data() const { return static_cast<uint8_t*>(block_.data); }
  size_t capacity() const { return block_.bytes; }
  KeptMemory::Block release() { return std::exchange(block_, {}); }

 private:
  KeptMemory::Block block_;
};

// A buffer that is read from anywhere again and again: on huge pages, if it fills a good part of one.
KeptBuffer on_huge_pages(size_t bytes);

}  // namespace merganser::parallel
