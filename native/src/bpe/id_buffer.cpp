#include "merganser/bpe/id_buffer.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "merganser/parallel/huge_pages.hpp"

namespace merganser::bpe {
namespace {

// Text has about four bytes to an id, rarely less than two. What is not written to is no memory yet.
constexpr size_t kBytesPerId = 2;

}  // namespace

IdBuffer& IdBuffer::operator=(IdBuffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
  return *this;
}

void IdBuffer::free() { parallel::KeptMemory::shared().give(release()); }

parallel::KeptMemory::Block IdBuffer::release() {
  const parallel::KeptMemory::Block block{data_, capacity_ * sizeof(uint32_t)};
  data_ = nullptr;
  size_ = capacity_ = 0;
  return block;
}

void IdBuffer::expect(size_t text_bytes) {
  const size_t count = text_bytes / kBytesPerId + 1024;
  if (size_ > 0 || count <= capacity_) return;
  free();
  grow(count);
}

void IdBuffer::grow(size_t count) {
  const size_t capacity = std::max(count, capacity_ + capacity_ / 2 + 1024);
  size_t bytes = capacity * sizeof(uint32_t);
  parallel::KeptMemory::Block block;
  if (!data_ && bytes >= parallel::KeptMemory::kAtLeast) block = parallel::KeptMemory::shared().take(bytes);
  if (!block.data && !data_ && bytes >= parallel::kManyBytes) block = {parallel::allocate_huge(bytes), bytes};
  if (!block.data) block = {std::realloc(data_, bytes), bytes};
  if (!block.data) throw std::bad_alloc();
  data_ = static_cast<uint32_t*>(block.data);
  capacity_ = block.bytes / sizeof(uint32_t);
}

void IdBuffer::append(const IdBuffer& other) {
  if (other.size_ == 0) return;
  std::memcpy(room(other.size_), other.data_, other.size_ * sizeof(uint32_t));
  size_ += other.size_;
}

}  // namespace merganser::bpe
