#include "merganser/parallel/kept_buffer.hpp"

#include "merganser/parallel/huge_pages.hpp"

namespace merganser::parallel {

KeptBuffer on_huge_pages(size_t bytes) {
  if (!fills_huge_page(bytes)) return KeptBuffer(bytes);
  bytes = whole_huge_pages(bytes);
  KeptMemory::Block block = KeptMemory::shared().take(bytes);
  if (!block.data) {
    block.data = allocate_huge(bytes);
    block.bytes = bytes;
  }
  if (!block.data) throw std::bad_alloc();
  return KeptBuffer(block);
}

}  // namespace merganser::parallel
