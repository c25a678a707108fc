// Models over bytes merge each character of two or three bytes out of its bytes first, one or two steps a character, and only then characters with each
// other: of what a Chinese piece costs, that is three quarters. Here is when BPE may begin with whole characters instead.
//
// Let C be a character whose bytes, merged alone, become one token, and let none of these merges have a number above `completion`. If
//   (a) no token holds the end of the character before C and the start of C side by side, one of them in part, and the same behind C: then nothing that
//       merges across C's ends does so before C is whole, as each step makes a token;
//   (b) every merge that makes a token with C and something else in it has a number above C's completion: then whenever such a merge could be the
//       lowest, C's own merges were lower and have been made;
// then the merges within C do not depend on what stands around them, and come before all that depend on them. So with all of them made in advance the
// merges that are left are the same, in the same order. (b) is a property of the model, and holds for nearly all characters of real vocabularies, since
// training can only merge C once it is there; (a) is asked of each two neighbours.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace merganser::bpe {

class Model;

class CharacterStarts {
 public:
  // The model is one over bytes, all of which have tokens.
  explicit CharacterStarts(const Model& model);

  // Writes the symbols that a piece can begin with and returns how many these are; 0 if it must begin with its bytes, or if they are more than `most`.
  uint32_t symbols(const uint8_t* piece, size_t size, uint32_t most, uint32_t* ids) const;

 private:
  static constexpr uint32_t kCharacters = 0x10000;  // those of up to three bytes

  void note_product(const uint8_t* token, const uint8_t* end, uint32_t merge, std::vector<uint32_t>& first_use);
  // Whether a token may hold the end of `left` and the start of `right`, at `at`, one of them in part.
  bool joins_parts(uint32_t left, uint32_t right, const uint8_t* at) const;
  bool may_hold(uint32_t before, uint32_t behind) const {
    const uint32_t hash = hash_of(before, behind);
    return filter_[hash >> 6] >> (hash & 63) & 1;
  }
  static uint32_t hash_of(uint32_t before, uint32_t behind) { return ((before * 0x9E3779B1u) ^ (behind * 0x85EBCA77u)) * 0xC2B2AE3Du >> (32 - kFilterBits); }

  static constexpr uint32_t kFilterBits = 18;
  std::vector<uint32_t> ids_;      // kNone: begins with its bytes
  std::vector<uint64_t> in_part_;  // bit set over pairs of bytes: some token joins parts there
  std::vector<uint64_t> filter_;   // which: as the filter of text::CutView
};

}  // namespace merganser::bpe
