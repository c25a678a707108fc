// From counted words to merges and removals (PickyBPE): after each merge its left part, then its right part is taken back if the merge's share of its
// occurrences is above a threshold; what is left of it falls into the tokens that it was made of.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "merganser/training/merge_phase.hpp"
#include "merganser/training/pair_candidates.hpp"
#include "merganser/training/token_strings.hpp"

namespace merganser::training {

struct PickyLimits {
  uint32_t vocab_size;  // tokens that are there at the end
  uint32_t max_token_length;
  uint64_t floor;  // no merge has a lower count; at least 1
  double threshold;
};

class PickyPhase {
 public:
  PickyPhase(WordCells<uint32_t>& words, TokenStrings& tokens, const std::vector<uint32_t>& symbol_ids, const PickyLimits& limits, MergeLog& log);
  // Merges until the vocabulary is full or nothing is left; `tick` is called now and then, and ends it by returning false.
  void run(const std::function<bool()>& tick);

 private:
  // With low thresholds the same tokens can come and go for ever: training ends after so many merges for each token of the vocabulary.
  static constexpr uint64_t kMostMerges = 16;
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Token {
    uint32_t left = kNone, right = kNone;
    bool present = false;
  };

  void merge(const LivePairs::Pair& pair);
  void remove_if_mostly_merged(uint32_t id, uint64_t merged);
  void collect_present(uint32_t id, std::vector<uint32_t>& parts) const;

  TokenStrings& strings_;
  const PickyLimits limits_;
  MergeLog& log_;
  LivePairs pairs_;
  PairCandidates candidates_;
  std::vector<Token> tokens_;
  uint32_t present_;
  uint64_t merges_ = 0;
};

}  // namespace merganser::training
