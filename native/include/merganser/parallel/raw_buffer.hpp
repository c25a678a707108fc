// Bytes that are not initialised when the buffer grows, and whose old contents are lost then.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace merganser::parallel {

class RawBuffer {
 public:
  RawBuffer() = default;
  ~RawBuffer() { std::free(data_); }
  RawBuffer(const RawBuffer&) = delete;
  RawBuffer& operator=(const RawBuffer&) = delete;

  // Memory for `size` bytes. What is beyond `keep` is given back when less is asked for.
  uint8_t* reserve(size_t size, size_t keep = size_t{1} << 20) {
    if (size <= capacity_ && (capacity_ <= keep || size > keep)) return data_;
    std::free(data_);
    capacity_ = 0;
    data_ = static_cast<uint8_t*>(std::malloc(size));
    if (!data_) throw std::bad_alloc();
    capacity_ = size;
    return data_;
  }

 private:
  uint8_t* data_ = nullptr;
  size_t capacity_ = 0;
};

}  // namespace merganser::parallel
