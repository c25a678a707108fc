// Pairs that wait: the highest count first, of equal counts the one whose first occurrence comes first. Entries are upper bounds: whoever pops one
// compares it with the pair.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

namespace merganser::dynamic {

struct PairEntry {
  uint32_t count, first, pair;
};

class PairHeap {
 public:
  void clear() { entries_.clear(); }
  // Many entries at a time: `settle` puts them in order.
  void append(const PairEntry& entry) { entries_.push_back(entry); }
  void settle() { std::make_heap(entries_.begin(), entries_.end(), comes_after); }
  void push(const PairEntry& entry) {
    entries_.push_back(entry);
    std::push_heap(entries_.begin(), entries_.end(), comes_after);
  }
  bool pop(PairEntry& entry) {
    if (entries_.empty()) return false;
    std::pop_heap(entries_.begin(), entries_.end(), comes_after);
    entry = entries_.back();
    entries_.pop_back();
    return true;
  }

 private:
  static bool comes_after(const PairEntry& a, const PairEntry& b) { return a.count < b.count || (a.count == b.count && a.first > b.first); }
  std::vector<PairEntry> entries_;
};

}  // namespace merganser::dynamic
