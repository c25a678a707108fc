// Where one long text may be cut so that its parts can be encoded each for itself, on any thread, and their ids, one after the other, are the
// ids of the whole.
//
// Three things could reach over such a place:
//   An added token. No token may touch the place, whether or not it would be found from the text's start.
//   A piece. Of the families of patterns that have scanners, none puts white space behind a letter or a digit into one piece, and none puts a letter or a
//     digit behind a newline into one; nor does what stands behind a place change the pieces before it, save for white space that ends the text: so a
//     place counts only behind a letter or a digit, or behind a single newline. Without a pre-tokenizer the model itself says where (safe_cuts.hpp).
//   A rewriting of the text. White space composes with nothing before it, and letters and digits not with a newline; a letter may become two
//     characters, the last of which is none: such ones are left out. Where U+2581 stands for a space it counts as one.
// All of it can be seen in the two or three characters around a place and in what the longest added token could take: what stands further on, or will
// stand there, does not matter.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/bpe/added_tokens.hpp"
#include "merganser/bpe/encoder_spec.hpp"

namespace merganser::bpe {

class TextParts {
 public:
  // `cuts`: the model's, or null. Keeps references to all.
  TextParts(const EncoderSpec& spec, const AddedTokens& added, const SafeCuts* cuts);

  // The first place in [from, to) where text[0, size) may be cut; `size` if there is none. 0 < from, to <= size.
  size_t find(const uint8_t* text, size_t size, size_t from, size_t to, const uint8_t* actions) const;
  // The last place, not before `from`, where a text that begins with text[0, size) may be cut, however it goes on; 0 if there is none. 0 < from.
  size_t find_last(const uint8_t* text, size_t size, size_t from, const uint8_t* actions) const;

 private:
  bool knows_places() const;
  bool splits(const uint8_t* text, size_t at) const;
  bool between_pieces(const text::Scanner& scanner, const uint8_t* text, size_t at) const;
  bool between_words(const uint8_t* text, size_t at) const;
  bool is_space(uint32_t code_point) const;

  const EncoderSpec& spec_;
  const AddedTokens& added_;
  const SafeCuts* cuts_;
  const text::Scanner* scanner_;  // that does all of pre-tokenization, or null
};

}  // namespace merganser::bpe
