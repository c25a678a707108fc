// How often each word was seen: a table of open addressing, for one thread. Counting is a monoid, so tables of several threads are added up.
//
// A slot holds words of up to 15 bytes themselves, with their length in the last byte: comparing them is comparing two numbers, and a look-up
// touches one cache line. The key of a longer word is its hash and its place in a store; 255 in the last byte tells them apart.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "merganser/parallel/huge_array.hpp"

namespace merganser::training {

struct WordView {
  const uint8_t* bytes;
  uint32_t size;
};

class WordTable {
 public:
  static constexpr uint32_t kReadAhead = 16;  // bytes that add_pieces reads from the start of a word

  WordTable();

  size_t size() const { return used_; }
  // Memory that it takes.
  size_t bytes() const { return capacity_ * sizeof(Slot) + store_.capacity(); }
  // Sum of all counts.
  uint64_t total() const { return total_; }

  void add(const uint8_t* word, uint32_t size, uint64_t count);
  // Counts pieces that lie back to back: piece i is base[bounds[i], bounds[i + 1]), and kReadAhead bytes may be read from its start.
  void add_pieces(const uint8_t* base, const uint32_t* bounds, uint32_t count);
  void add_all(const WordTable& other);
  void clear();

  // The words by number of their slot: what visits them in another order keeps numbers.
  size_t slots() const { return capacity_; }
  uint64_t count_at(size_t slot) const { return slots_ ? (*slots_)[slot].count : 0; }
  WordView word_at(size_t slot) const;
  void prefetch(size_t slot) const { __builtin_prefetch(&(*slots_)[slot]); }
  // Of a slot that is loaded: the bytes of its word, if they stand elsewhere.
  void prefetch_word(size_t slot) const {
    const Slot& entry = (*slots_)[slot];
    if (entry.count != 0 && entry.key.is_long()) __builtin_prefetch(store_.data() + (entry.key.high & ~kLong));
  }

 private:
  static_assert(std::endian::native == std::endian::little, "the length is in the last byte of a key");
  static constexpr uint32_t kLongestInline = 15;
  static constexpr uint64_t kLong = uint64_t{255} << 56;
  struct Key {
    uint64_t low, high;
    bool is_long() const { return high >= kLong; }
  };
  struct Slot {
    Key key;
    uint64_t count;  // 0: empty
  };
  static Key inline_key(const uint8_t* word, uint32_t size);  // reads kReadAhead bytes
  static uint64_t hash_of(Key key);
  static uint64_t hash_of_long(const uint8_t* word, uint32_t size);
  // Not inlined: where they are, the loop of add_pieces takes half as long again.
  [[gnu::noinline]] void add_inline(Key key, uint64_t hash, uint64_t count);
  [[gnu::noinline]] void add_long(const uint8_t* word, uint32_t size, uint64_t hash, uint64_t count);
  void come_first(Slot& slot, uint64_t hash);
  void enter(size_t slot, Key key, uint64_t count);
  void resize(size_t capacity);
  WordView stored(Key key) const;

  std::unique_ptr<parallel::HugeArray<Slot>> slots_;
  size_t capacity_ = 0;  // a power of two
  size_t used_ = 0;
  uint64_t total_ = 0;
  std::vector<uint8_t> store_;  // of long words: length, bytes
};

}  // namespace merganser::training
