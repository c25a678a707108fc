// Pairs of neighbours while each token is one symbol and there are few of them: counts in a table by both ids, and no branch that depends on the data.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace merganser::training {

class SymbolPairs {
 public:
  static constexpr uint32_t kMostIds = 512;
  struct Entry {
    uint64_t count;
    uint32_t occurrences;
    uint32_t next;  // where its next cell is listed; 0: nowhere
  };

  // Ids from `ids` on are walls.
  explicit SymbolPairs(uint32_t ids) : ids_(ids), table_(size_t{ids + 1} * (ids + 1)) {}
  Entry& at(uint32_t left, uint32_t right) { return table_[size_t{left} * (ids_ + 1) + right]; }

  // Cells [begin, end); the one behind is read too. `block_counts`: of 2^block_bits cells each.
  template <typename Id>
  void count(const Id* cells, size_t begin, size_t end, const uint64_t* block_counts, uint32_t block_bits) {
    each(cells, begin, end, block_bits, [block_counts](Entry& pair, size_t, size_t block) {
      pair.count += block_counts[block];
      ++pair.occurrences;
    });
  }
  // Writes each cell where a pair begins to where `next` says.
  template <typename Id>
  void list(const Id* cells, size_t begin, size_t end, uint32_t* lists, uint32_t block_bits) {
    uint32_t nowhere;
    each(cells, begin, end, block_bits, [lists, &nowhere](Entry& pair, size_t at, size_t) {
      *(pair.next != 0 ? lists + pair.next : &nowhere) = static_cast<uint32_t>(at);
      pair.next += pair.next != 0;
    });
  }

 private:
  template <typename Id, typename Visit>
  void each(const Id* cells, size_t begin, size_t end, uint32_t block_bits, Visit visit) {
    const auto row = [this](Id id) { return id < ids_ ? uint32_t{id} : ids_; };
    const size_t width = ids_ + 1;
    uint32_t left = begin < end ? row(cells[begin]) : 0;
    for (size_t at = begin; at < end; ++at) {
      const uint32_t right = row(cells[at + 1]);
      visit(table_[left * width + right], at, at >> block_bits);
      left = right;
    }
  }

  const uint32_t ids_;
  std::vector<Entry> table_;
};

}  // namespace merganser::training
