// An array of a known length, of any content, 64-byte aligned, from the kept memory where that has a block: fresh memory costs a run of a few milliseconds a good part of its time. Where it is large it stands on huge pages.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "merganser/parallel/kept_buffer.hpp"

namespace merganser::parallel {

template <typename T>
class KeptArray {
 public:
  explicit KeptArray(size_t count) : memory_(on_huge_pages(count * sizeof(T) + kAlignment)), count_(count) {
    const uintptr_t at = reinterpret_cast<uintptr_t>(memory_.data());
    first_ = reinterpret_cast<T*>(memory_.data() + (kAlignment - at % kAlignment) % kAlignment);
  }
  void clear_from(size_t first) { std::fill(first_ + first, first_ + count_, T{}); }
  T* data() { return first_; }
  const T* data() const { return first_; }
  size_t size() const { return count_; }
  T& operator[](size_t i) { return first_[i]; }
  const T& operator[](size_t i) const { return first_[i]; }

 private:
  static constexpr size_t kAlignment = 64;
  KeptBuffer memory_;
  size_t count_;
  T* first_;
};

}  // namespace merganser::parallel
