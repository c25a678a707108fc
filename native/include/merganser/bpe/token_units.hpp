// A token's text as characters, and what stands where one should: tokens of bytes begin and end within characters.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/text/cut_view.hpp"
#include "merganser/text/utf8.hpp"

namespace merganser::bpe {

// A whole character, or a byte of one that is not there as a whole.
struct TokenUnit {
  uint32_t value;
  uint32_t size;
  bool whole;
};

inline TokenUnit unit_at(const uint8_t* at, const uint8_t* end) {
  const uint32_t wanted = text::sequence_size(*at);
  if ((*at & 0xC0) == 0x80 || wanted > static_cast<size_t>(end - at)) return {0, 1, false};
  for (uint32_t i = 1; i < wanted; ++i) {
    if ((at[i] & 0xC0) != 0x80) return {0, 1, false};
  }
  return {text::decode(at).value, wanted, true};
}

// Two units side by side, the right one at `at`, as CutView names them.
inline uint64_t seam_key(const TokenUnit& left, const TokenUnit& right, const uint8_t* at) {
  const uint32_t before = left.whole ? left.value : text::CutView::kPartBefore | at[-1];
  const uint32_t behind = right.whole ? right.value : text::CutView::kPartBehind | at[0];
  return static_cast<uint64_t>(before) << 32 | behind;
}

}  // namespace merganser::bpe
