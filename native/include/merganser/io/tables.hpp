// Tables as bytes, to be kept in a file and read back by the same version of the package. Whatever is written starts at a multiple of 8 bytes.
//
// Hash tables are mostly empty: `sparse` writes a bit for each 8-byte word and then the words that are not zero. Reading them so costs less than reading
// the zeros would, as memory that comes from the system is zero already.
//
// The reader trusts nothing: it throws Damaged before it reads or writes where it must not. What the words mean is for its callers to check.
#pragma once
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace merganser::io {

struct Damaged : std::runtime_error {
  Damaged() : std::runtime_error("tables that fit this version of the native addon") {}
};

inline void check(bool sound) {
  if (!sound) throw Damaged();
}

class TableWriter {
 public:
  template <typename T>
  void value(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    put(&value, sizeof value);
  }
  template <typename T>
  void array(const T* values, size_t count) {
    static_assert(std::is_trivially_copyable_v<T>);
    value(uint64_t{count});
    put(values, count * sizeof(T));
  }
  void sparse(const uint64_t* words, size_t count) {
    std::vector<uint64_t> bits((count + 63) / 64), present;
    for (size_t i = 0; i < count; ++i) {
      const uint64_t word = words[i];
      if (word == 0) continue;
      bits[i >> 6] |= uint64_t{1} << (i & 63);
      present.push_back(word);
    }
    value(uint64_t{count});
    put(bits.data(), bits.size() * 8);
    array(present.data(), present.size());
  }
  std::vector<uint8_t> take() { return std::move(bytes_); }
  size_t size() const { return bytes_.size(); }

 private:
  void put(const void* data, size_t size) {
    const size_t at = bytes_.size();
    bytes_.resize(at + (size + 7) / 8 * 8, 0);
    if (size > 0) std::memcpy(bytes_.data() + at, data, size);
  }
  std::vector<uint8_t> bytes_;
};

// Words that stand in a table, where they lie, at any address.
struct PresentWords {
  const uint8_t* bytes;
  size_t count;

  template <typename Value, typename Sound>
  bool all(Sound sound) const {
    bool all_sound = true;
    for (size_t i = 0; i < count * sizeof(uint64_t) / sizeof(Value); ++i) {
      Value value;
      std::memcpy(&value, bytes + i * sizeof(Value), sizeof value);
      all_sound &= sound(value);
    }
    return all_sound;
  }
};

class TableReader {
 public:
  TableReader(const uint8_t* bytes, size_t size) : at_(bytes), end_(bytes + size) {}

  bool empty() const { return at_ == end_; }
  template <typename T>
  T value() {
    static_assert(std::is_trivially_copyable_v<T>);
    T value;
    std::memcpy(&value, take(sizeof value), sizeof value);
    return value;
  }
  // As many values as the reader expects.
  template <typename T>
  void array(T* values, size_t count) {
    static_assert(std::is_trivially_copyable_v<T>);
    check(value<uint64_t>() == count);
    const uint8_t* const from = take(count * sizeof(T));
    if (count > 0) std::memcpy(values, from, count * sizeof(T));
  }
  // As many as there are, `most` or fewer.
  template <typename T>
  std::vector<T> array(size_t most) {
    const uint64_t count = value<uint64_t>();
    check(count <= most);
    const uint8_t* const from = take(count * sizeof(T));
    std::vector<T> values(count);
    if (count > 0) std::memcpy(values.data(), from, count * sizeof(T));
    return values;
  }
  // Of the words that come next: how many there are, places without one included. No more than the bytes that are left can tell of.
  size_t sparse_count() const {
    TableReader ahead = *this;
    const uint64_t count = ahead.value<uint64_t>();
    check(count / 8 <= static_cast<size_t>(ahead.end_ - ahead.at_));
    return count;
  }
  // Fills in what is not zero; the rest of `words` is left as it is. The caller checks what was filled in.
  PresentWords sparse(uint64_t* words, size_t count);
  // Goes on behind such words.
  void skip_sparse() {
    take((value<uint64_t>() + 63) / 64 * 8);
    const uint64_t live = value<uint64_t>();
    check(live <= static_cast<size_t>(end_ - at_) / 8);
    take(live * 8);
  }
  // So many bytes, where they are.
  const uint8_t* bytes(uint64_t size) { return take(size); }

 private:
  const uint8_t* take(uint64_t size) {
    check(size <= static_cast<size_t>(end_ - at_));
    const uint8_t* const from = at_;
    at_ += std::min<size_t>((size + 7) / 8 * 8, static_cast<size_t>(end_ - at_));
    return from;
  }
  const uint8_t* at_;
  const uint8_t* end_;
};

}  // namespace merganser::io
