#include "merganser/parallel/huge_array.hpp"

#include <cstdlib>
#include <cstring>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace merganser::parallel {

#if defined(__linux__)

namespace {

constexpr size_t kHugePage = size_t{2} << 20;

}  // namespace

void* allocate_huge(size_t bytes) {
  if (bytes < kHugePage) {
    void* memory = std::aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (!memory) throw std::bad_alloc();
    return std::memset(memory, 0, bytes);
  }
  // One page more than needed, so that an aligned stretch is in it; the rest is given back at once.
  const size_t mapped = bytes + kHugePage;
  char* memory = static_cast<char*>(mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (memory == MAP_FAILED) throw std::bad_alloc();
  const size_t before = (kHugePage - reinterpret_cast<size_t>(memory) % kHugePage) % kHugePage;
  const size_t size = (bytes + 4095) / 4096 * 4096;
  if (before) munmap(memory, before);
  if (mapped - before > size) munmap(memory + before + size, mapped - before - size);
  madvise(memory + before, size, MADV_HUGEPAGE);
  return memory + before;
}

void free_huge(void* memory, size_t bytes) noexcept {
  if (bytes < kHugePage) {
    std::free(memory);
  } else {
    munmap(memory, (bytes + 4095) / 4096 * 4096);
  }
}

#else

void* allocate_huge(size_t bytes) {
  void* memory = ::operator new(bytes, std::align_val_t{64});
  return std::memset(memory, 0, bytes);
}

void free_huge(void* memory, size_t) noexcept { ::operator delete(memory, std::align_val_t{64}); }

#endif

}  // namespace merganser::parallel
