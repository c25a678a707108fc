// Words of tokens, cut where no merge can reach across. Whatever is merged over the boundary of two tokens is at most as frequent as the two side by side;
// so words are cut between tokens that are side by side less often than any merge is. Nearly every long word is there once, but the short runs that are left
// of them come again and again, and can be counted like words.
#pragma once
#include <cstdint>

#include "merganser/training/pair_sketch.hpp"
#include "merganser/training/word_table.hpp"

namespace merganser::training {

class RareCuts {
 public:
  // Looks at all pairs; `words` must stay as it is.
  explicit RareCuts(const WordTable& words);

  // A floor for so many merges, guessed as if the pairs that are there now were those that will be merged.
  uint64_t guess_floor(uint32_t merges) const { return sketch_.nth(merges); }
  // The words for merges of such counts, those of one token left out.
  WordTable cut(uint64_t floor) const;

 private:
  const WordTable& words_;
  PairSketch sketch_;
};

}  // namespace merganser::training
