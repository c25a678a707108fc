// All pairs while they are looked for, numbered as they come.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace merganser::training {

class PairIndex {
 public:
  struct Entry {
    uint32_t left, right;
    uint32_t occurrences;
    uint64_t count;
    size_t next;  // where its next cell is listed; 0: nowhere
  };

  PairIndex() : numbers_(kFirstSlots) {}
  Entry& at(uint32_t left, uint32_t right) {
    uint32_t& number = hashed(left, right);
    if (number != 0) return entries_[number - 1];
    entries_.push_back({left, right, 0, 0, 0});
    number = static_cast<uint32_t>(entries_.size());
    if (2 * entries_.size() > numbers_.size()) grow();
    return entries_.back();
  }
  std::vector<Entry>& all() { return entries_; }
  const std::vector<Entry>& all() const { return entries_; }

 private:
  static constexpr size_t kFirstSlots = size_t{1} << 12;
  uint32_t& hashed(uint32_t left, uint32_t right) {
    const uint64_t key = uint64_t{left} << 32 | right;
    const size_t mask = numbers_.size() - 1;
    size_t slot = static_cast<size_t>((key ^ key >> 29) * 0x9E3779B97F4A7C15u >> 32) & mask;
    while (numbers_[slot] != 0 && (entries_[numbers_[slot] - 1].left != left || entries_[numbers_[slot] - 1].right != right)) slot = (slot + 1) & mask;
    return numbers_[slot];
  }
  void grow() {
    numbers_.assign(2 * numbers_.size(), 0);
    for (uint32_t i = 0; i < entries_.size(); ++i) hashed(entries_[i].left, entries_[i].right) = i + 1;
  }

  std::vector<uint32_t> numbers_;  // number + 1; 0: none
  std::vector<Entry> entries_;
};

}  // namespace merganser::training
