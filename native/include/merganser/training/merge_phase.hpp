// From counted words to merges: exactly the greedy choice that recounting all pairs before every merge would make, fast.
//
// - All occurrences of a pair are born in one merge, the one that makes the later of its two tokens. From then on its count only falls. So its list of
//   cells is written once, in rising order, and a queue of upper bounds is enough: the top pair is counted again over its list if a token of it was
//   used up since, and taken if it still is the top.
// - The floor: as long as the vocabulary is not full, one of the (vocabulary size − symbols) most frequent words is not a single token yet, and so holds
//   a pair at least as frequent. No merge has a lower count, and pairs born below it are never stored. Where nothing of the kind is known the floor is
//   a guess: if nothing above it is left, all pairs are found anew with a lower one.
// - A merge gathers what stands beside it by neighbour, so that each new pair's list is written in one piece.
// - Where what a merge gives is a token already (it spells a special token), counts rise, and all pairs are found anew. That is rare.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "merganser/parallel/huge_array.hpp"
#include "merganser/training/candidate_queue.hpp"
#include "merganser/training/merge_schedule.hpp"
#include "merganser/training/pair_index.hpp"
#include "merganser/training/pair_sketch.hpp"
#include "merganser/training/token_rule.hpp"
#include "merganser/training/token_strings.hpp"
#include "merganser/training/word_cells.hpp"

namespace merganser::training {

// left, right and product ids of merges, in order, with their counts. Another thread may read it while it grows.
class MergeLog {
 public:
  static constexpr uint32_t kSupermerge = 1u << 31;  // flag of `left`: words are merged, and not what is in them

  void push(uint32_t left, uint32_t right, uint32_t product, uint64_t count) {
    const std::lock_guard lock(mutex_);
    triples_.insert(triples_.end(), {left, right, product});
    counts_.push_back(count);
  }
  // PickyBPE: a token is taken back, and falls into these.
  void push_removal(uint32_t token, const std::vector<uint32_t>& parts) {
    const std::lock_guard lock(mutex_);
    removals_.insert(removals_.end(), {static_cast<uint32_t>(counts_.size()), token, static_cast<uint32_t>(parts.size())});
    removals_.insert(removals_.end(), parts.begin(), parts.end());
    ++removed_;
  }
  std::vector<uint32_t> copy() const {
    const std::lock_guard lock(mutex_);
    return triples_;
  }
  // For each removal: merges before it, token, number of parts, parts.
  std::vector<uint32_t> removals() const {
    const std::lock_guard lock(mutex_);
    return removals_;
  }
  uint32_t removed() const {
    const std::lock_guard lock(mutex_);
    return removed_;
  }
  std::vector<uint64_t> counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
  }
  uint32_t count() const {
    const std::lock_guard lock(mutex_);
    return static_cast<uint32_t>(triples_.size() / 3);
  }

 private:
  mutable std::mutex mutex_;
  std::vector<uint32_t> triples_, removals_;
  std::vector<uint64_t> counts_;
  uint32_t removed_ = 0;
};

struct MergeLimits {
  uint32_t vocab_size;
  uint64_t least_count;       // of a pair that is merged; at least 1
  uint32_t max_token_length;  // in symbols: pairs are stored if they have fewer together, those of two symbols always. UINT32_MAX: no limit
  uint64_t floor;             // no merge has a lower count, if that is known; at least least_count
  bool token_words;           // words consist of tokens: pairs whose product is a token already are left alone
  uint64_t guesses = 0;       // not 0: the floor is to be guessed, for so many merges
};

// What stands on one side of the tokens of a merge: each neighbour with its count, numbered as they come.
class NeighbourSet {
 public:
  struct Neighbour {
    uint32_t id;
    uint32_t occurrences;
    uint64_t count;
    size_t next;  // where its next cell is written; 0: it is not stored
  };

  explicit NeighbourSet(size_t ids) : number_of_(ids) {}
  // `few`: there will be so few that looking through all of them is cheaper than the table by id, which the processor would have to load.
  void begin(bool few) {
    few_ = few;
    neighbours_.clear();
  }
  uint32_t add(uint32_t id, uint64_t count) {
    const uint32_t number = find(id);
    if (number == neighbours_.size()) {
      neighbours_.push_back({id, 0, 0, 0});
      if (!few_) number_of_[id] = number;
    }
    ++neighbours_[number].occurrences;
    neighbours_[number].count += count;
    return number;
  }
  std::vector<Neighbour>& all() { return neighbours_; }

 private:
  // Its number, or that of the next one. Entries of the table that are left from earlier merges do not point back to themselves.
  uint32_t find(uint32_t id) const {
    uint32_t number = 0;
    if (few_) {
      while (number < neighbours_.size() && neighbours_[number].id != id) ++number;
      return number;
    }
    number = number_of_[id];
    return number < neighbours_.size() && neighbours_[number].id == id ? number : static_cast<uint32_t>(neighbours_.size());
  }

  bool few_ = true;
  std::vector<Neighbour> neighbours_;
  std::vector<uint32_t> number_of_;
};

template <typename Id>
class MergePhase {
 public:
  // `symbol_ids`: the ids that words consist of at first; merges that are in the log were made already. `rule` and `schedule` may be null; with a schedule, words consist of its numbers.
  MergePhase(WordCells<Id>& words, TokenStrings& tokens, const std::vector<uint32_t>& symbol_ids, const MergeLimits& limits, MergeLog& log,
             TokenRule* rule = nullptr, MergeSchedule* schedule = nullptr);

  // Merges until the vocabulary is full or nothing is left; `tick` is called now and then, and ends it by returning false.
  void run(const std::function<bool()>& tick);

 private:
  static constexpr size_t kCompactFrom = size_t{1} << 19;  // cells of lists that were added since the last time
  struct Pair {
    uint64_t count;   // an upper bound
    size_t begin;     // its cells are cells_of_[begin, begin + size), rising
    uint32_t size;
    uint32_t left, right;
    uint32_t counted;  // the merge it was counted after
  };
  struct Hit {
    uint32_t cell;
    uint32_t before, after;  // neighbours, by their numbers
  };
  static uint64_t key_of(uint32_t left, uint32_t right) { return uint64_t{left} << 32 | right; }

  bool next_candidate(Candidate& top);
  void hide_scheduled();
  void take_scheduled();
  void appear(uint32_t number, uint32_t id);
  void find_all_pairs();
  void find_symbol_pairs();
  template <typename EachPair>
  std::optional<PairSketch> sketch_pairs(size_t parts, EachPair each_pair);
  void compact();
  void plan_compaction() { compact_at_ = listed_ + std::max(kCompactFrom, listed_ / 2); }
  bool is_stale(const Pair& pair) const;
  void recount(Pair& pair);
  void merge(uint32_t number);
  TokenStrings::Product join(uint32_t left, uint32_t right);
  void replace(const Pair& pair, uint32_t product);
  void gather(uint32_t product);
  bool store_born(uint32_t product);
  bool store(NeighbourSet& neighbours, uint32_t product, bool before);
  void write_lists();
  size_t add_pair(uint32_t left, uint32_t right, uint64_t count, uint32_t occurrences);
  bool allowed(uint32_t left, uint32_t right) const {
    const uint64_t length = uint64_t{length_[left]} + length_[right];
    return (length < limits_.max_token_length || length == 2) && (rule_ == nullptr || rule_->allows(left, right));
  }
  void prefetch_coming() const;

  WordCells<Id>& words_;
  TokenStrings& tokens_;
  const MergeLimits limits_;
  MergeLog& log_;
  TokenRule* const rule_;
  MergeSchedule* const schedule_;
  uint64_t floor_;
  bool guessing_;  // the floor, when pairs are found
  const Id wall_;
  Id* const cells_;
  uint32_t merges_ = 0;
  std::vector<Pair> pairs_;
  parallel::HugeArray<uint32_t> cells_of_;  // the lists of all pairs; entry 0 takes what is not stored
  size_t listed_ = 1;
  size_t compact_at_ = 1;  // `listed_` when the lists are to move together
  CandidateQueue queue_;
  std::vector<uint32_t> length_;                   // of each token, in symbols
  std::vector<uint32_t> used_left_, used_right_;   // by token: the last merge that used it as its left, right part
  NeighbourSet before_, after_;
  std::vector<Hit> hits_;
};

// The floor for these words. `symbols`: how many of the ids are symbols.
template <typename Id>
uint64_t merge_floor(const WordCells<Id>& words, uint32_t vocab_size, uint32_t symbols, uint64_t least_count, uint32_t max_token_length);

}  // namespace merganser::training
