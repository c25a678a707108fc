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
  template <typename Word>
  void sparse(const Word* words, size_t count) {
    std::vector<uint64_t> bits((count + 63) / 64), present;
    for (size_t i = 0; i < count; ++i) {
      const uint64_t word = std::bit_cast<uint64_t>(words[i]);
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

class TableReader {
 public:
  TableReader(const uint8_t* bytes, size_t size) : at_(bytes), end_(bytes + size) {}

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
  // Fills in what is not zero; the rest of `words` is left as it is. `sound` says of each word whether it may stand there.
  template <typename Word, typename Sound>
  void sparse(Word* words, size_t count, Sound sound) {
    static_assert(std::is_trivially_copyable_v<Word> && sizeof(Word) == 8);
    check(value<uint64_t>() == count);
    const uint8_t* const bits = take((count + 63) / 64 * 8);
    const uint64_t present = value<uint64_t>();
    check(present <= count);
    const uint8_t* from = take(present * 8);
    uint64_t left = present;
    bool all_sound = true;
    for (size_t base = 0; base < count; base += 64) {
      uint64_t live;
      std::memcpy(&live, bits + base / 8, 8);
      const uint32_t here = static_cast<uint32_t>(std::popcount(live));
      check(here <= left && (count - base >= 64 || live >> (count - base) == 0));
      left -= here;
      for (; live != 0; live &= live - 1, from += 8) {
        Word word;
        std::memcpy(&word, from, 8);
        all_sound = all_sound && sound(word);
        words[base + static_cast<size_t>(std::countr_zero(live))] = word;
      }
    }
    check(left == 0 && all_sound);
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
