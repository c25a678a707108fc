#include "merganser/training/bpe_trainer.hpp"

#include <algorithm>
#include <set>

namespace merganser::training {
namespace {

template <typename Id>
void merge_words(WordTable& words, const BpeTrainingSpec& spec, uint32_t wall, MergeLog& log, const std::function<bool()>& tick) {
  SymbolIds symbols{spec.kind, std::vector<uint32_t>(spec.kind.bound(), kNoSymbol)};
  for (size_t i = 0; i < spec.symbols.size(); ++i) symbols.ids[spec.symbols[i]] = spec.symbol_ids[i];
  WordCells<Id> cells(words, symbols, static_cast<Id>(wall));
  symbols.ids = {};
  words.clear();
  const std::set<uint32_t> different(spec.symbol_ids.begin(), spec.symbol_ids.end());
  const uint64_t floor = spec.affixes ? spec.least_count
                                      : merge_floor(cells, spec.vocab_size, static_cast<uint32_t>(different.size()), spec.least_count, spec.max_token_length);
  TokenStrings tokens(spec.token_bytes, spec.token_offsets, spec.continuing_prefix, spec.vocab_size);
  MergePhase<Id> phase(cells, tokens, spec.symbol_ids, {spec.vocab_size, spec.least_count, spec.max_token_length, floor}, log);
  phase.run(tick);
}

}  // namespace

// Ids are 16 bits wide as long as that does: most of the time goes into loading them.
void train_bpe(WordTable& words, const BpeTrainingSpec& spec, MergeLog& log, const std::function<bool()>& tick) {
  const uint32_t wall = std::max(spec.vocab_size, static_cast<uint32_t>(spec.token_offsets.size() - 1));
  if (wall <= UINT16_MAX) {
    merge_words<uint16_t>(words, spec, wall, log, tick);
  } else {
    merge_words<uint32_t>(words, spec, wall, log, tick);
  }
}

}  // namespace merganser::training
