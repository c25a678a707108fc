// What an encoder is made of, as plain data. Mirrors EncoderSpec of lib/backend/kernels.ts, where every field is documented.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "merganser/bpe/model.hpp"
#include "merganser/bpe/safe_cuts.hpp"
#include "merganser/bpe/supermerges.hpp"
#include "merganser/text/pattern.hpp"
#include "merganser/text/scanner.hpp"

namespace merganser::bpe {

struct AddedToken {
  Bytes content;
  uint32_t id = 0;
  bool special = false;
  bool single_word = false;
  bool lstrip = false;
  bool rstrip = false;
};

enum class SplitBehavior : uint8_t { removed, isolated, merged_with_previous, merged_with_next, contiguous };
enum class PrefixSpace : uint8_t { never, always, unless_space, first_unless_space };
struct SplitStep {
  std::shared_ptr<const text::Scanner> scanner;  // in place of the pattern; only in the last step, and where matches are pieces
  std::shared_ptr<const text::Pattern> pattern;  // neither: pieces of `fixed_length` characters
  SplitBehavior behavior = SplitBehavior::isolated;
  bool invert = false;
  uint32_t fixed_length = 0;
  bool over_alphabet = false;  // reads pieces as ByteLevel writes them, a character for each byte; so do all steps behind it

  // Matches stay apart, and so does what lies between them; either may be dropped.
  bool divides() const { return behavior == SplitBehavior::isolated || behavior == SplitBehavior::removed; }
  bool drops_matches() const { return behavior == SplitBehavior::removed && !invert; }
  bool drops_gaps() const { return behavior == SplitBehavior::removed && invert; }
  // Every match is a piece, and what lies between them is one too, or nothing.
  bool matches_are_pieces() const { return behavior == SplitBehavior::isolated || (behavior == SplitBehavior::removed && invert); }
};

struct EncoderSpec {
  std::shared_ptr<const Model> model;
  std::shared_ptr<const SafeCuts> cuts;  // the model's, if they are known already; null: to be found
  std::vector<AddedToken> added;
  bool nfc = false;
  bool space_alias = false;
  PrefixSpace prefix_space = PrefixSpace::never;
  std::vector<SplitStep> steps;
  std::shared_ptr<const text::Scanner> scanner;  // instead of all steps, which are empty then; or null
  size_t cache_bytes = size_t{64} << 20;
  std::shared_ptr<const Supermerges> supermerges;  // or null
};

}  // namespace merganser::bpe
