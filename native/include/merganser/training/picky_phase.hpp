// From counted words to merges and removals (PickyBPE): after each merge its left part, then its right part is taken back if the merge's share of its
// occurrences is above a threshold; what is left of it falls into the tokens that it was made of.
//
// Counts rise when tokens fall apart, so the ways of merge_phase.hpp are not open. Counts of all pairs are kept exact, and each has a list of the places
// where it came to stand, in a pool of links: some are gone when its turn comes, some stand twice. A queue of upper bounds finds the highest count; no
// pair is merged whose count is below the floor (see there), and such pairs wait outside of it.
#pragma once
#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "merganser/training/merge_phase.hpp"
#include "merganser/training/pair_index.hpp"
#include "merganser/training/token_strings.hpp"
#include "merganser/training/word_cells.hpp"

namespace merganser::training {

struct PickyLimits {
  uint32_t vocab_size;  // tokens that are there at the end
  uint32_t max_token_length;
  uint64_t floor;  // no merge has a lower count; at least 1
  double threshold;
};

class PickyPhase {
 public:
  static constexpr uint32_t kWall = UINT32_MAX;  // of the words

  PickyPhase(WordCells<uint32_t>& words, TokenStrings& tokens, const std::vector<uint32_t>& symbol_ids, const PickyLimits& limits, MergeLog& log);
  // Merges until the vocabulary is full or nothing is left; `tick` is called now and then, and ends it by returning false.
  void run(const std::function<bool()>& tick);

 private:
  // With low thresholds the same tokens can come and go for ever: training ends after so many merges for each token of the vocabulary.
  static constexpr uint64_t kMostMerges = 16;
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Token {
    uint32_t length = 0;  // symbols
    uint32_t left = kNone, right = kNone;
    uint64_t frequency = 0;
    bool present = false;
    uint32_t places = kNone;  // a list; kept for tokens that are made by merges
  };
  struct Link {
    uint32_t cell, next;
  };
  struct Candidate {
    uint64_t count, key;
    uint32_t pair;
    bool operator<(const Candidate& other) const { return count != other.count ? count < other.count : key > other.key; }
  };

  void find_all_pairs();
  bool pop(uint32_t& pair);
  void merge(uint32_t pair);
  uint64_t replace(uint32_t pair, uint32_t product);
  void remove_if_mostly_merged(uint32_t id, uint64_t merged);
  void collect_present(uint32_t id, std::vector<uint32_t>& parts) const;
  void split(uint32_t id, const std::vector<uint32_t>& parts);
  void subtract(uint32_t left, uint32_t right, uint64_t count);
  // A pair stands at `cell`.
  void add(uint32_t left, uint32_t right, uint32_t cell, uint64_t count);
  void add_before(uint32_t cell, uint64_t count);
  void tell_queue();
  void put_in_queue(uint32_t pair);
  void push(uint32_t& list, uint32_t cell);
  // Its cells in order, each once, in places_; the list is empty then.
  void take(uint32_t& list);

  WordCells<uint32_t>& words_;
  TokenStrings& strings_;
  const PickyLimits limits_;
  MergeLog& log_;
  uint32_t* const cells_;       // the id of the token that begins in a cell, else the wall
  std::vector<uint32_t> ends_;  // the id of the token that ends in a cell; only where one does
  std::vector<Token> tokens_;
  uint32_t present_;
  uint64_t merges_ = 0;
  PairIndex pairs_;                  // with exact counts
  std::vector<uint32_t> lists_;      // by pair
  std::vector<uint64_t> risen_at_;   // by pair: the merge after which the queue is told next
  std::vector<uint32_t> risen_;
  std::priority_queue<Candidate> queue_;
  std::vector<Link> links_;
  uint32_t free_ = kNone;
  std::vector<uint32_t> places_;
};

}  // namespace merganser::training
