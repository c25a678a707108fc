// What tokens must not be: a limit for the words in one, and no colon before a space (SuperBPE's rules). Both hold for a token's parts if they hold for it.
#pragma once
#include <cstdint>
#include <vector>

namespace merganser::training {

// Traits of a token, packed: the number of words (runs of characters that are no space) in the lower 16 bits, then flags.
class TokenRule {
 public:
  static constexpr uint32_t kStartsWithWord = 1u << 16, kEndsWithWord = 1u << 17, kEndsWithColon = 1u << 18, kForbidden = 1u << 19;

  // `traits`: of the tokens that are there at first.
  TokenRule(uint32_t most_words, std::vector<uint32_t> traits) : most_words_(most_words), traits_(std::move(traits)) {}

  bool allows(uint32_t left, uint32_t right) const {
    const uint32_t joined = join(traits_[left], traits_[right]);
    return (joined & kForbidden) == 0 && (joined & kWords) <= most_words_;
  }
  // The next id is that of the product of two tokens.
  void add_product(uint32_t left, uint32_t right) { traits_.push_back(join(traits_[left], traits_[right])); }

 private:
  static constexpr uint32_t kWords = kStartsWithWord - 1;
  static uint32_t join(uint32_t left, uint32_t right) {
    const bool one_word = (left & kEndsWithWord) != 0 && (right & kStartsWithWord) != 0;
    const bool colon_space = (left & kEndsWithColon) != 0 && (right & kStartsWithWord) == 0;
    return ((left & kWords) + (right & kWords) - one_word) | (left & kStartsWithWord) | (right & (kEndsWithWord | kEndsWithColon)) |
           ((left | right) & kForbidden) | (colon_space ? kForbidden : 0);
  }

  uint32_t most_words_;
  std::vector<uint32_t> traits_;
};

}  // namespace merganser::training
