// Words in the order of their bytes, written and read as count files have them: for each its length, its bytes, its count; numbers as varints of seven bits
// a byte, the lowest first (docs/training.md).
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "merganser/training/word_table.hpp"

namespace merganser::training {

// The words of several tables, each once, with the sum of its counts. They stay in the tables, which must not change meanwhile.
class SortedWords {
 public:
  SortedWords() = default;
  explicit SortedWords(std::vector<const WordTable*> tables);

  struct Written {
    uint32_t words;
    size_t bytes;  // if no word was written: what the next one needs; 0: there is none
    uint64_t total;  // of the counts
  };
  // Writes the words that come next, as many as there is room for, but at most so many.
  Written write(uint8_t* out, size_t size, uint32_t most);

 private:
  struct Place {
    uint64_t front;  // the first eight bytes, the first one highest
    uint32_t slot;
  };
  struct Run {
    const WordTable* table;
    std::vector<Place> places;
    size_t next = 0;
  };
  static bool before(const Run& a, const Place& x, const Run& b, const Place& y);

  std::vector<Run> runs_;
};

// Adds `words` words that were written so. false: the bytes are no such words; some may have been added.
bool add_written(WordTable& table, const uint8_t* bytes, size_t size, uint32_t words);

}  // namespace merganser::training
