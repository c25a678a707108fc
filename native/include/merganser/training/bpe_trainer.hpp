// Trains BPE on counted words.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "merganser/training/merge_phase.hpp"
#include "merganser/training/word_table.hpp"

namespace merganser::training {

// Merges inside of words that come before or between supermerges; see merge_schedule.hpp.
struct ScheduleSpec {
  std::vector<uint32_t> triples;
  std::vector<double> counts;
  std::vector<uint8_t> completes;
  uint32_t forced = 0;
};

// Mirrors BpeTrainingSpec of lib/backend/kernels.ts.
struct BpeTrainingSpec {
  uint32_t vocab_size = 0;
  uint64_t least_count = 1;
  uint32_t max_token_length = UINT32_MAX;
  std::vector<uint8_t> token_bytes;  // of the tokens that are there before any merge
  std::vector<uint32_t> token_offsets;
  SymbolKind kind;
  std::vector<uint32_t> symbols, symbol_ids;  // parallel: symbols and the tokens they are at first; others are deleted
  std::vector<uint8_t> continuing_prefix;
  std::vector<uint32_t> token_traits;  // see token_rule.hpp; empty: there is no rule
  uint32_t most_words = UINT32_MAX;
  std::optional<ScheduleSpec> schedule;
  std::optional<double> removal_threshold;  // tokens are taken back (PickyBPE)
  std::vector<uint32_t> done;  // merges that were made before, as in the log, each of a new token; training goes on behind them
  std::vector<double> done_counts;
  uint32_t compared = 0;  // not 0: of so many pairs the one is merged that makes validation words smallest
  bool affixes = false;  // tokens of different symbols may be spelled alike
};

// Takes the words out of the tables; `validation`: null unless `compared`. The merges are in `log`; `tick` is called now and then, and stops the training by returning false.
void train_bpe(WordTable& words, WordTable* validation, const BpeTrainingSpec& spec, MergeLog& log, const std::function<bool()>& tick);

}  // namespace merganser::training
