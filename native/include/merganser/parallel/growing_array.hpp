// A zeroed array that grows in place: address space for its limit is taken at once, memory only for what has been touched. Beyond a few
// megabytes it asks for huge pages (see huge_array.hpp); a small one does without, as a huge page takes longer to clear than small work lasts.
#pragma once
#include <cstddef>

namespace merganser::parallel {

void* reserve_zeroed(size_t bytes);  // 64-byte aligned; throws std::bad_alloc
void free_reserved(void* memory, size_t bytes) noexcept;
// [from, to) is about to be touched for the first time.
void expect_touch(void* memory, size_t from, size_t to) noexcept;

template <typename T>
class GrowingArray {
 public:
  GrowingArray(size_t count, size_t limit) : data_(static_cast<T*>(reserve_zeroed(limit * sizeof(T)))), count_(count), limit_(limit) {}
  ~GrowingArray() { free_reserved(data_, limit_ * sizeof(T)); }
  GrowingArray(const GrowingArray&) = delete;
  GrowingArray& operator=(const GrowingArray&) = delete;

  void grow(size_t count) {
    expect_touch(data_, count_ * sizeof(T), count * sizeof(T));
    count_ = count;
  }
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
