// Makes merges again that an earlier training made, so that it can be carried on. Word by word, the first merge first, which gives the same as merge by
// merge over all words where each makes a new token: then a pair is merged once, and later merges do not bring it back.
#pragma once
#include <cstdint>
#include <vector>

#include "merganser/training/word_cells.hpp"

namespace merganser::training {

// `merges`: left, right, product, in order; their products were no tokens before. Words consist of tokens of one symbol. At most 2^22 merges of
// tokens below 2^21. All cells of a token hold its id then.
template <typename Id>
void replay_merges(WordCells<Id>& words, const std::vector<uint32_t>& merges);

}  // namespace merganser::training
