// What merges first in Cyrillic words, for models over characters: which symbol each letter is and what each two of them merge to, in a table that is read in place of a
// decoded character's id, a filter, and a line of the table of merges. Of a Russian word that costs an eighth. To make it takes 26 ns a pair, so it has only
// the letters of that alphabet, and the blank in front of words.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace merganser::bpe {

class Model;

class LetterPairs {
 public:
  // The model is one over characters that is complete.
  explicit LetterPairs(const Model& model);

  // Writes the numbers of a piece's characters and returns how many these are; 0 if one is not in the table, or if they are more than `most`.
  uint32_t read(const uint8_t* piece, size_t size, uint32_t most, uint16_t* letters) const;
  uint32_t symbol(uint16_t letter) const { return symbols_[letter]; }
  // kNone if they do not merge.
  uint32_t merge(uint16_t left, uint16_t right) const { return merges_[left * kLetters + right]; }

 private:
  // U+0400 to U+045F behind the blank: all that alphabets of today's Slavic languages need.
  static constexpr uint32_t kCyrillic = 0x400, kCyrillicLetters = 0x60, kLetters = 1 + kCyrillicLetters;

  std::array<uint32_t, kLetters> symbols_;  // kNone: no token, so that the character falls back to its bytes
  std::vector<uint32_t> merges_;
};

}  // namespace merganser::bpe
