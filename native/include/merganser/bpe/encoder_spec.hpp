// What an encoder is made of, as plain data. Mirrors EncoderSpec of lib/backend/kernels.ts, where every field is documented.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "merganser/bpe/model.hpp"
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
  std::shared_ptr<const text::Pattern> pattern;  // null: pieces of `fixed_length` characters
  std::shared_ptr<const text::Scanner> scanner;  // null: the pattern itself scans
  SplitBehavior behavior = SplitBehavior::isolated;
  bool invert = false;
  uint32_t fixed_length = 0;
};

struct EncoderSpec {
  std::shared_ptr<const Model> model;
  std::vector<AddedToken> added;
  bool nfc = false;
  bool space_alias = false;
  PrefixSpace prefix_space = PrefixSpace::never;
  std::vector<SplitStep> steps;
  std::shared_ptr<const text::Scanner> scanner;  // instead of all steps, or null
  size_t cache_bytes = size_t{64} << 20;
};

}  // namespace merganser::bpe
