#include "merganser/bpe/id_buffer.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "merganser/parallel/huge_array.hpp"

namespace merganser::bpe {
namespace {

// From here on memory comes in huge pages and is not kept for the next text.
constexpr size_t kLarge = size_t{1} << 19;
// Text has about four bytes to an id, rarely less than three.
constexpr size_t kBytesPerId = 3;

uint32_t* allocate(size_t count) {
  void* data = count >= kLarge ? parallel::allocate_huge(count * sizeof(uint32_t)) : std::malloc(count * sizeof(uint32_t));
  if (!data) throw std::bad_alloc();
  return static_cast<uint32_t*>(data);
}

}  // namespace

IdBuffer& IdBuffer::operator=(IdBuffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
  return *this;
}

void IdBuffer::free() {
  if (capacity_ >= kLarge) {
    parallel::free_huge(data_, capacity_ * sizeof(uint32_t));
  } else {
    std::free(data_);
  }
  data_ = nullptr;
  size_ = capacity_ = 0;
}

void IdBuffer::expect(size_t text_bytes) {
  const size_t count = text_bytes / kBytesPerId + 1024;
  if (size_ == 0 && count > capacity_) grow(count);
}

void IdBuffer::grow(size_t count) {
  IdBuffer larger;
  const size_t capacity = std::max(count, capacity_ + capacity_ / 2 + 1024);
  larger.data_ = allocate(capacity);
  larger.capacity_ = capacity;
  larger.size_ = size_;
  if (size_ > 0) std::memcpy(larger.data_, data_, size_ * sizeof(uint32_t));
  *this = std::move(larger);
}

void IdBuffer::append(const IdBuffer& other) {
  if (other.size_ == 0) return;
  std::memcpy(room(other.size_), other.data_, other.size_ * sizeof(uint32_t));
  size_ += other.size_;
}

}  // namespace merganser::bpe
