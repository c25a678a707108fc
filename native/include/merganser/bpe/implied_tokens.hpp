// Added tokens that need not be looked for. Gemma 3 has each run of 1 to 31 newlines or tabs as an added token, so that every line's end and indentation is one; but its
// merges make the same tokens of such runs, and no token joins a newline or a tab to anything else. So these may as well be left to the model, and text that has no longer
// runs is split at other added tokens alone.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "merganser/bpe/added_tokens.hpp"
#include "merganser/bpe/encoder_spec.hpp"

namespace merganser::bpe {

class ImpliedTokens {
 public:
  // null if there are none. The text goes to the model as it is, without pre-tokenization.
  static std::unique_ptr<const ImpliedTokens> find(const EncoderSpec& spec, const std::vector<uint32_t>& word_ranges);

  // Whether text[0, size) may be split at the others alone, with these actions.
  bool apply(const uint8_t* text, size_t size, const uint8_t* actions) const;
  // The list without them; numbers are those of the whole list.
  const AddedTokens& others() const { return others_; }

 private:
  // One character's.
  struct Runs {
    uint8_t character;
    std::vector<uint32_t> by_length;  // numbers of tokens, from length 1 on
    bool apply(const uint8_t* text, size_t size, const uint8_t* actions) const;
  };

  ImpliedTokens(std::vector<Runs> implied, const std::vector<AddedToken>& others, const std::vector<uint32_t>& word_ranges)
      : implied_(std::move(implied)), others_(others, word_ranges) {}

  std::vector<Runs> implied_;
  AddedTokens others_;
};

}  // namespace merganser::bpe
