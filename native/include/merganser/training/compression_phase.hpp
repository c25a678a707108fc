// From counted words to merges that make other text small: of the most frequent pairs each step takes the one after which the tokens of the validation
// words take the fewest bits (see stream_size.hpp).
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "merganser/training/merge_phase.hpp"
#include "merganser/training/pair_candidates.hpp"
#include "merganser/training/stream_size.hpp"
#include "merganser/training/token_strings.hpp"

namespace merganser::training {

struct CompressionLimits {
  uint32_t vocab_size;
  uint64_t least_count;  // of a pair that is merged; at least 1
  uint32_t max_token_length;
  uint32_t candidates;  // how many pairs are compared
};

class CompressionPhase {
 public:
  // `size`: of the validation words, those of one symbol too.
  CompressionPhase(WordCells<uint32_t>& words, WordCells<uint32_t>& validation, TokenStrings& tokens, const std::vector<uint32_t>& symbol_ids,
                   const CompressionLimits& limits, const StreamSize& size, MergeLog& log);
  // Merges until the vocabulary is full or nothing is left; `tick` is called now and then, and ends it by returning false.
  void run(const std::function<bool()>& tick);

 private:
  bool choose(LivePairs::Pair& best);
  double change(const LivePairs::Pair& pair);
  void merge(const LivePairs::Pair& pair);

  TokenStrings& strings_;
  const CompressionLimits limits_;
  MergeLog& log_;
  LivePairs pairs_, validation_;
  PairCandidates candidates_;
  StreamSize size_;
  std::vector<uint32_t> compared_;
};

}  // namespace merganser::training
