// Words that change, with exact counts of all pairs in them. Merge_phase.hpp is faster, but only right where counts of pairs never rise, and the pair of the
// highest count is the one that is merged.
//
// Each pair has a list of the places where it came to stand, in a pool of links: some are gone when its turn comes, some stand twice.
#pragma once
#include <cstdint>
#include <vector>

#include "merganser/training/pair_index.hpp"
#include "merganser/training/word_cells.hpp"

namespace merganser::training {

class LivePairs {
 public:
  static constexpr uint32_t kWall = UINT32_MAX;  // of the words

  // `tokens`: those that are there at first. `splits`: some that come later will be split.
  LivePairs(WordCells<uint32_t>& words, uint32_t tokens, const std::vector<uint32_t>& symbol_ids, bool splits);

  // A token that no word holds yet.
  void add_token() { tokens_.emplace_back(); }
  // In symbols; 0: not known.
  uint32_t length(uint32_t token) const { return tokens_[token].length; }
  // Occurrences in all words.
  uint64_t frequency(uint32_t token) const { return tokens_[token].frequency; }

  // Writes the product over all occurrences of a pair, from left to right; how many there are. Throws std::runtime_error if the product has another length.
  uint64_t merge(uint32_t left, uint32_t right, uint32_t product);
  // Writes the parts over all occurrences of a token that merges made.
  void split(uint32_t token, const std::vector<uint32_t>& parts);

  // Pairs by their numbers.
  struct Pair {
    uint32_t left, right;
    uint64_t count;
  };
  Pair pair(uint32_t number) const {
    const PairIndex::Entry& entry = pairs_.all()[number];
    return {entry.left, entry.right, entry.count};
  }
  uint64_t count(uint32_t left, uint32_t right) { return pairs_.all()[number_of(left, right)].count; }
  // Those that came to stand anywhere since `forget_risen`.
  const std::vector<uint32_t>& risen() const { return risen_; }
  void forget_risen();

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Token {
    uint32_t length = 0;
    uint32_t places = kNone;  // a list
    uint64_t frequency = 0;
  };
  struct Link {
    uint32_t cell, next;
  };

  uint32_t number_of(uint32_t left, uint32_t right);
  void subtract(uint32_t left, uint32_t right, uint64_t count);
  // A pair stands at `cell`.
  void add(uint32_t left, uint32_t right, uint32_t cell, uint64_t count);
  void add_before(uint32_t cell, uint64_t count);
  void push(uint32_t& list, uint32_t cell);
  // Its cells in order, each once, in places_; the list is empty then.
  void take(uint32_t& list);

  WordCells<uint32_t>& words_;
  uint32_t* const cells_;       // the id of the token that begins in a cell, else the wall
  std::vector<uint32_t> ends_;  // the id of the token that ends in a cell; only where one does
  std::vector<Token> tokens_;
  const uint32_t start_;
  const bool splits_;
  PairIndex pairs_;
  std::vector<uint32_t> lists_;     // by pair
  std::vector<uint8_t> has_risen_;  // by pair
  std::vector<uint32_t> risen_;
  std::vector<Link> links_;
  uint32_t free_ = kNone;
  std::vector<uint32_t> places_;
};

}  // namespace merganser::training
