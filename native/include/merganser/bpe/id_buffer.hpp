// Ids, growing without being initialised first.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/parallel/kept_memory.hpp"

namespace merganser::bpe {

class IdBuffer {
 public:
  IdBuffer() = default;
  ~IdBuffer() { free(); }
  IdBuffer(IdBuffer&& other) noexcept { *this = static_cast<IdBuffer&&>(other); }
  IdBuffer& operator=(IdBuffer&& other) noexcept;
  IdBuffer(const IdBuffer&) = delete;
  IdBuffer& operator=(const IdBuffer&) = delete;

  uint32_t* data() { return data_; }
  const uint32_t* data() const { return data_; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  void clear() { size_ = 0; }
  void push(uint32_t id) {
    *room(1) = id;
    ++size_;
  }
  // Place for `count` more; `taken` then says how many were written.
  uint32_t* room(size_t count) {
    if (size_ + count > capacity_) grow(size_ + count);
    return data_ + size_;
  }
  void taken(const uint32_t* end) { size_ = static_cast<size_t>(end - data_); }
  // Prepares an empty buffer for the ids of a text of so many bytes.
  void expect(size_t text_bytes);
  void append(const IdBuffer& other);
  void free();
  // The memory, with `size()` ids as they were; the buffer is empty then.
  parallel::KeptMemory::Block release();

 private:
  void grow(size_t count);

  uint32_t* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace merganser::bpe
