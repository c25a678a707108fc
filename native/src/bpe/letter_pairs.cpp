#include "merganser/bpe/letter_pairs.hpp"

#include "merganser/bpe/model.hpp"

namespace merganser::bpe {

LetterPairs::LetterPairs(const Model& model) : merges_(size_t{kLetters} * kLetters, kNone) {
  for (uint32_t letter = 0; letter < kLetters; ++letter) symbols_[letter] = model.character_symbol(letter == 0 ? ' ' : letter - 1 + kCyrillic);
  for (uint32_t left = 0; left < kLetters; ++left) {
    for (uint32_t right = 0; right < kLetters && symbols_[left] != kNone; ++right) {
      if (symbols_[right] != kNone) merges_[left * kLetters + right] = model.pairs().find(symbols_[left], symbols_[right]);
    }
  }
}

uint32_t LetterPairs::read(const uint8_t* piece, size_t size, uint32_t most, uint16_t* letters) const {
  uint32_t count = 0;
  for (size_t i = 0; i < size; ++count) {
    const uint32_t lead = piece[i];
    uint32_t letter = 0;
    if (lead != ' ') {
      if (lead < 0xD0 || lead > 0xD1 || i + 1 == size) return 0;
      letter = ((lead & 0x1F) << 6 | (piece[i + 1] & 0x3Fu)) - kCyrillic + 1;
      if (letter >= kLetters) return 0;
    }
    if (count == most || symbols_[letter] == kNone) return 0;
    letters[count] = static_cast<uint16_t>(letter);
    i += letter == 0 ? 1 : 2;
  }
  return count;
}

}  // namespace merganser::bpe
