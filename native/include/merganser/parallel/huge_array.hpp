// A zeroed array that can grow in place: address space for its limit is taken at once, memory only for what has been touched. Beyond a few megabytes
// it stands on huge pages where the system has them: random look-ups in large tables are otherwise dominated by the TLB, and a prefetch that
// misses it is dropped. They must be asked for before the first touch. A small array does without, as a huge page takes longer to clear than
// small work lasts.
#pragma once
#include <cstddef>
#include <utility>

#include "merganser/parallel/huge_pages.hpp"

namespace merganser::parallel {

void* reserve_zeroed(size_t bytes);  // 64-byte aligned; throws std::bad_alloc
void free_reserved(void* memory, size_t bytes) noexcept;
// [from, to) is about to be touched for the first time.
void expect_touch(void* memory, size_t from, size_t to) noexcept;
// What stands in [from, to) is not needed any more: it may read as zeros from now on, and the system may have its memory back.
void give_back_touched(void* memory, size_t from, size_t to) noexcept;

template <typename T>
class HugeArray {
 public:
  explicit HugeArray(size_t count) : HugeArray(count, count) {}
  // May grow to `limit`.
  HugeArray(size_t count, size_t limit) : data_(static_cast<T*>(reserve_zeroed(limit * sizeof(T)))), count_(0), limit_(limit) { grow(count); }
  HugeArray(HugeArray&& other) noexcept : data_(std::exchange(other.data_, nullptr)), count_(other.count_), limit_(other.limit_) {}
  HugeArray& operator=(HugeArray&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(count_, other.count_);
    std::swap(limit_, other.limit_);
    return *this;
  }
  ~HugeArray() {
    if (data_) free_reserved(data_, limit_ * sizeof(T));
  }
  HugeArray(const HugeArray&) = delete;
  HugeArray& operator=(const HugeArray&) = delete;

  void grow(size_t count) {
    expect_touch(data_, count_ * sizeof(T), count * sizeof(T));
    count_ = count;
  }
  // Much is about to come: huge pages from the first one on, if the array may grow to some.
  void expect_much() { prefer_huge_pages(data_, limit_ * sizeof(T)); }
  void give_back(size_t from, size_t to) { give_back_touched(data_, from * sizeof(T), to * sizeof(T)); }
  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return count_; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }

 private:
  T* data_;
  size_t count_;
  size_t limit_;
};

}  // namespace merganser::parallel
