// Merges of whole pieces: neighbouring pieces that are one token each become one token, by a list of their own (BoundlessBPE). For any number of threads.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace merganser::bpe {

class Supermerges {
 public:
  // left, right, product ids in order of rank; a pair that stands twice counts with its last rank.
  explicit Supermerges(const std::vector<uint32_t>& triples);

  // Whether any merge has this token as a part.
  bool merges(uint32_t id) const { return id < is_part_.size() && is_part_[id] != 0; }

  // One thread's working memory.
  struct Scratch {
    std::vector<uint32_t> ranks, next, previous;
    std::vector<uint64_t> heap;
  };
  // Merges a run of tokens: the lowest rank first, of equal ones the leftmost. `ids` becomes the result.
  void merge(std::vector<uint32_t>& ids, Scratch& scratch) const;

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Slot {
    uint64_t pair = UINT64_MAX;
    uint32_t rank = kNone;
  };
  size_t slot_of(uint64_t pair) const;
  uint32_t rank(uint32_t left, uint32_t right) const { return slots_[slot_of(uint64_t{left} << 32 | right)].rank; }
  void merge_short(std::vector<uint32_t>& ids, Scratch& scratch) const;
  void merge_long(std::vector<uint32_t>& ids, Scratch& scratch) const;

  std::vector<Slot> slots_;  // open addressing, at most half full
  std::vector<uint32_t> products_;
  std::vector<uint8_t> is_part_;
};

}  // namespace merganser::bpe
