// What pieces became, for one thread: a hash table over flat memory. For what the cache's tables do not hold: pieces too long for them (rulers of
// dashes, words run together: rare, but each costs as much as dozens of words), and tokens with their sizes.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "merganser/parallel/huge_array.hpp"

namespace merganser::bpe {

class PieceMemory {
 public:
  // Longer pieces are not to be kept.
  static constexpr size_t kLongestPiece = 255;

  // Takes at most `bytes`; when that is used up, it forgets everything.
  explicit PieceMemory(size_t bytes) : limit_(bytes), words_(0, bytes / sizeof(uint32_t)) {}

  // What was kept for a piece, empty if nothing was. Good until the next `keep`. `hash`: hash_bytes of the piece.
  std::span<const uint32_t> find(const uint8_t* piece, size_t size, uint64_t hash) const;
  // How many bytes it takes.
  size_t bytes() const { return slots_.size() * sizeof(Slot) + used_ * sizeof(uint32_t); }
  // Keeps `values`, if there are any, for a piece that is not there yet.
  void keep(const uint8_t* piece, size_t size, uint64_t hash, std::span<const uint32_t> values);

 private:
  struct Slot {
    uint32_t hash;  // the upper half: the lower one decides the place
    uint32_t at;    // in words_: the values, then the piece
    uint32_t size, count;  // count 0: empty
  };
  size_t slot_of(const uint8_t* piece, size_t size, uint64_t hash) const;
  // False if a piece is too large for the memory as a whole.
  bool make_room(size_t words);
  bool grow(size_t words);
  void rehash(size_t slots);

  size_t limit_;
  size_t entries_ = 0;
  std::vector<Slot> slots_;  // a power of two, at most half full
  // Grows in place, as what is outgrown would have to count, too: half of the memory.
  parallel::HugeArray<uint32_t> words_;
  size_t used_ = 0;  // of words_
};

}  // namespace merganser::bpe
