// All words as one array of symbols, in which merging happens.
//
// A token fills as many cells as it has symbols, and its id stands in the first and in the last of them. So the next token begins at `cell + length`,
// the one before is read from `cell − 1`, and there are no links. Between words, and where a token once began inside what is now one token, stands
// the wall, an id that no token has.
//
// Words lie by falling count, and words of different counts never share a block of cells: the count at a cell is one load from a small array. Words of
// one count are ordered by their first bytes, so that those with a common beginning share cache lines.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "merganser/parallel/huge_array.hpp"
#include "merganser/training/word_order.hpp"
#include "merganser/training/word_table.hpp"

namespace merganser::training {

constexpr uint32_t kNoSymbol = UINT32_MAX;

// What words are made of.
enum class Unit : uint8_t { byte, character, token };

// Words of tokens: ids of this many bytes, the most significant first.
constexpr uint32_t kTokenBytes = 3;

// A number for every symbol: of a byte, its value; of a character, its code point, or, where it matters whether it begins or ends the word,
// 4 × code point + (1 if it does not begin it) + (2 if it ends it); of a token, its id.
struct SymbolKind {
  Unit unit = Unit::byte;
  bool placed = false;
  // Of bytes and characters.
  size_t bound() const { return unit == Unit::byte ? 256 : size_t{0x110000} * (placed ? 4 : 1); }
  uint32_t most_symbols(uint32_t bytes) const { return unit == Unit::token ? bytes / kTokenBytes : bytes; }
};

// The symbols that words hold, with how often.
struct SymbolCounts {
  std::vector<uint32_t> symbols;
  std::vector<uint64_t> counts;
};
SymbolCounts count_symbols(const WordTable& words, SymbolKind kind);

struct SymbolIds {
  SymbolKind kind;
  std::vector<uint32_t> ids;  // by symbol; kNoSymbol: it is deleted from words
};

template <typename Id>
class WordCells {
 public:
  static constexpr uint32_t kBlockBits = 6;
  static constexpr size_t kBlock = size_t{1} << kBlockBits;
  static constexpr uint32_t kMostCells = UINT32_MAX;

  // Throws std::length_error if there are more than 2³² cells.
  WordCells(const WordTable& words, const SymbolIds& symbols, Id wall);

  size_t size() const { return size_; }
  Id wall() const { return wall_; }
  Id* cells() { return cells_->data(); }
  const uint64_t* block_counts() const { return block_counts_.data(); }
  uint64_t count_at(size_t cell) const { return block_counts_[cell / kBlock]; }
  // The words of two symbols and more, by falling count: count and number of symbols of the n-th among those that `accepts(symbols)`; 0 if there are
  // not so many. Some words may have become equal where symbols were deleted.
  template <typename Accepts>
  uint64_t count_of_nth(size_t n, Accepts accepts) const;
  // Where the cells are cut into parts of about the same size, at most so many: at walls. Only while no token has more than one symbol.
  std::vector<size_t> parts(size_t most) const;
  bool deleted_any() const { return deleted_any_; }

 private:
  static size_t most_cells(std::span<const WordPlace> places, SymbolKind kind);
  size_t write_words(const WordTable& words, const SymbolIds& symbols, std::span<const WordPlace> places, size_t at);
  uint32_t write_symbols(WordView word, const SymbolIds& symbols, size_t at);

  Id wall_;
  std::unique_ptr<parallel::HugeArray<Id>> cells_;
  std::vector<uint64_t> block_counts_;
  size_t size_ = 0;
  std::atomic<bool> deleted_any_ = false;
};

template <typename Id>
template <typename Accepts>
uint64_t WordCells<Id>::count_of_nth(size_t n, Accepts accepts) const {
  const Id* const cells = cells_->data();
  for (size_t at = 0; at < size_;) {
    if (cells[at] == wall_) {
      ++at;
      continue;
    }
    const size_t begin = at;
    while (cells[at] != wall_) ++at;
    if (accepts(static_cast<uint32_t>(at - begin)) && n-- == 0) return count_at(begin);
  }
  return 0;
}

}  // namespace merganser::training
