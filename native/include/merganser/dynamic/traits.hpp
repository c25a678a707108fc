// What is known of a token's text, as bits, and what follows for a pair. Mirrors TokenTrait of lib/backend/dynamic-kernels.ts, where each bit is
// documented.
#pragma once
#include <cstdint>

namespace merganser::dynamic {

using Traits = uint8_t;
constexpr Traits kFixed = 1, kStartsMarked = 2, kMarkedInside = 4, kOnlyMarks = 8, kEndsWord = 16, kNewline = 32, kNewlines = 64;

// The traits of a token that two others make.
inline Traits join_traits(Traits left, Traits right) {
  uint32_t traits = (left & kStartsMarked) | (left & right & kOnlyMarks) | (right & kEndsWord) | ((left | right) & (kNewline | kNewlines));
  if (left & right & kNewline) traits |= kNewlines;
  if ((left & kMarkedInside) || (right & (kStartsMarked | kMarkedInside))) traits |= kMarkedInside;
  return static_cast<Traits>(traits);
}

// Whether marks alone forbid a pair: words and lines begin where tokens do.
inline bool is_barred(Traits left, Traits right) {
  const Traits joined = join_traits(left, right);
  return (left & kEndsWord) || (joined & kNewlines) || (joined & (kMarkedInside | kOnlyMarks)) == kMarkedInside;
}

}  // namespace merganser::dynamic
