// A zeroed array on huge pages where the system has them: random look-ups in tables of megabytes are otherwise dominated by the TLB, and a
// prefetch that misses it is dropped. They must be asked for before the first touch.
#pragma once
#include <cstddef>

namespace merganser::parallel {

void* allocate_huge(size_t bytes);  // throws std::bad_alloc
void free_huge(void* memory, size_t bytes) noexcept;

template <typename T>
class HugeArray {
 public:
  explicit HugeArray(size_t count) : data_(static_cast<T*>(allocate_huge(count * sizeof(T)))), count_(count) {}
  ~HugeArray() { free_huge(data_, count_ * sizeof(T)); }
  HugeArray(const HugeArray&) = delete;
  HugeArray& operator=(const HugeArray&) = delete;

  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }

 private:
  T* data_;
  size_t count_;
};

}  // namespace merganser::parallel
