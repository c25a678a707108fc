#include "merganser/parallel/huge_array.hpp"

#include "merganser/parallel/huge_pages.hpp"

#include <cstdint>
#include <cstdlib>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace merganser::parallel {

#if defined(__linux__)

namespace {

constexpr size_t kPage = 4096;

}  // namespace

void* reserve_zeroed(size_t bytes) {
  // One page more than needed, so that an aligned stretch is in it; the rest is given back at once.
  const size_t size = whole_huge_pages(bytes), mapped = size + kHugePage;
  char* memory = static_cast<char*>(mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  if (memory == MAP_FAILED) throw std::bad_alloc();
  const size_t before = (kHugePage - reinterpret_cast<size_t>(memory) % kHugePage) % kHugePage;
  if (before) munmap(memory, before);
  munmap(memory + before + size, kHugePage - before);
  return memory + before;
}

void free_reserved(void* memory, size_t bytes) noexcept { munmap(memory, whole_huge_pages(bytes)); }

void expect_touch(void* memory, size_t from, size_t to) noexcept {
  from = whole_huge_pages(from);
  if (to >= kHugePage && from < to) madvise(static_cast<char*>(memory) + from, whole_huge_pages(to) - from, MADV_HUGEPAGE);
}

void prefer_huge_pages(void* memory, size_t bytes) noexcept {
  const uintptr_t at = reinterpret_cast<uintptr_t>(memory), begin = whole_huge_pages(at), end = (at + bytes) / kHugePage * kHugePage;
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

void* allocate_huge(size_t& bytes) noexcept {
  bytes = whole_huge_pages(bytes);
  void* const memory = std::aligned_alloc(kHugePage, bytes);
  if (memory) madvise(memory, bytes, MADV_HUGEPAGE);
  return memory;
}

void give_back_touched(void* memory, size_t from, size_t to) noexcept {
  from = (from + kPage - 1) / kPage * kPage;
  to = to / kPage * kPage;
  if (from < to) madvise(static_cast<char*>(memory) + from, to - from, MADV_DONTNEED);
}

#else

namespace {

// calloc's memory has an address in front of it that it was found at.
constexpr size_t kAlignment = 64;

}  // namespace

void* reserve_zeroed(size_t bytes) {
  // Large blocks come untouched from the system, which zeroes pages as they are used.
  char* memory = static_cast<char*>(std::calloc(1, bytes + kAlignment + sizeof(void*)));
  if (!memory) throw std::bad_alloc();
  char* aligned = memory + sizeof(void*);
  aligned += (kAlignment - reinterpret_cast<uintptr_t>(aligned) % kAlignment) % kAlignment;
  reinterpret_cast<void**>(aligned)[-1] = memory;
  return aligned;
}

void free_reserved(void* memory, size_t) noexcept { std::free(static_cast<void**>(memory)[-1]); }

void expect_touch(void*, size_t, size_t) noexcept {}

void prefer_huge_pages(void*, size_t) noexcept {}

void* allocate_huge(size_t& bytes) noexcept { return std::malloc(bytes); }

void give_back_touched(void*, size_t, size_t) noexcept {}

#endif

}  // namespace merganser::parallel
