// One thread's memory of pieces too long for the tables: rulers of dashes, words run together. Rare, but each costs as much as dozens of words.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace merganser::bpe {

constexpr uint32_t kLongestLongPiece = 255;

class LongPieces {
 public:
  // Keeps at most about `bytes`; what is beyond makes it forget everything.
  explicit LongPieces(size_t bytes) : limit_(bytes) {}

  // The ids of a piece, empty if it is not there. Good until the next `keep`.
  std::span<const uint32_t> find(const uint8_t* piece, uint32_t size, uint64_t hash) const;
  void keep(const uint8_t* piece, uint32_t size, uint64_t hash, std::span<const uint32_t> ids);

 private:
  struct Slot {
    uint64_t hash;
    uint32_t text, size;  // size 0: empty
    uint32_t ids, count;
  };
  uint32_t slot_of(const uint8_t* piece, uint32_t size, uint64_t hash) const;
  void make_room();

  size_t limit_;
  size_t entries_ = 0;
  std::vector<Slot> slots_;  // a power of two, at most half full
  std::vector<uint8_t> text_;
  std::vector<uint32_t> ids_;
};

}  // namespace merganser::bpe
