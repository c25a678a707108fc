// Finds added tokens in text: the leftmost, and of those at one place the longest. Mirrors lib/backend/js/added-tokens.ts.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "merganser/bpe/encoder_spec.hpp"
#include "merganser/text/byte_set.hpp"

namespace merganser::bpe {

struct AddedMatch {
  uint32_t token;         // number in the list
  size_t start, end;      // what it takes from the text, white space of lstrip and rstrip included
  size_t search_from;     // where the next search goes on
};

class AddedTokens {
 public:
  static constexpr uint8_t kText = 0, kToken = 1, kRefuse = 2;  // AddedTokenAction

  // `word_ranges`: sorted start, end (exclusive) pairs of the characters that count as parts of words for single_word.
  AddedTokens(const std::vector<AddedToken>& tokens, std::vector<uint32_t> word_ranges);

  bool empty() const { return tokens_.empty(); }
  // Bytes of the longest; 0 if there are none.
  size_t longest() const { return longest_; }
  // Whether some take white space that stands beside them.
  bool strip() const { return strip_; }
  bool all_are_text(const uint8_t* actions) const;
  // The next match that begins at or after `from` in text[0, size); `taken` is the end of the last match. actions: one per token, or null.
  bool find(const uint8_t* text, size_t size, size_t from, size_t taken, const uint8_t* actions, AddedMatch& match) const;
  // Whether some token stands in text[0, size) so that it reaches to `at` or beyond, from `at` or before: words and white space around it aside.
  bool touches(const uint8_t* text, size_t size, size_t at, const uint8_t* actions) const;

 private:
  uint32_t longest_at(const uint8_t* text, size_t size, const uint8_t* actions) const;
  size_t next_candidate(const uint8_t* text, size_t size, size_t from) const;
  bool is_word(uint32_t code_point) const;
  bool stands_alone(const uint8_t* text, size_t size, size_t start, size_t end) const;
  uint32_t child(uint32_t node, uint8_t byte) const;

  std::vector<AddedToken> tokens_;
  std::vector<uint32_t> word_ranges_;
  size_t longest_ = 0;             // bytes
  bool strip_ = false;
  // A trie: edges (node << 8 | byte) + 1 in the high half, the child in the low half; token_of_[node] or kNone.
  std::vector<uint64_t> edges_;
  uint32_t edge_mask_ = 0;
  std::vector<uint32_t> token_of_;
  // The trie's first step, and what its second can be.
  uint32_t first_node_[256] = {};
  std::vector<uint64_t> goes_on_;  // bit set over the first two bytes of tokens that have two
  bool starts_[256] = {};          // bytes that begin a token
  text::ByteSet start_set_;        // the same
  int only_start_ = -1;            // the one such byte, if there is only one
  std::vector<uint64_t> two_;      // bit set over the first two bytes of tokens; behind a token of one byte, any second byte
};

}  // namespace merganser::bpe
