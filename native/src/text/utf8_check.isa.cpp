#include "merganser/simd/block64.hpp"
#include "merganser/text/utf8_check.hpp"

namespace merganser::text::MERGANSER_ISA_NS {

#if defined(MERGANSER_ISA_SCALAR)

size_t well_formed_blocks(const uint8_t*, size_t) { return 0; }

#else

// By masks of 64 bytes: continuation bytes must stand exactly where leads want them, and what is wrong with single leads is asked besides.
size_t well_formed_blocks(const uint8_t* text, size_t size) {
  uint64_t wanted_before = 0, narrow_before[4] = {};  // what the block before says of the first bytes of this one
  size_t at = 0;
  for (; at + 64 <= size; at += 64) {
    const simd::MERGANSER_ISA_NS::Block64 block(text + at);
    if ((block.not_ascii() | wanted_before) == 0) continue;
    const uint64_t leads = block.within('\xC0', 64), leads3 = block.within('\xE0', 32), leads4 = block.within('\xF0', 16);
    const uint64_t wanted = leads << 1 | leads3 << 2 | leads4 << 3 | wanted_before;
    // Leads of which only some second bytes are allowed, and those that are not.
    const uint64_t narrow[4] = {block.equal('\xE0'), block.equal('\xED'), block.equal('\xF0'), block.equal('\xF4')};
    const uint64_t refused[4] = {block.within('\x80', 0x20), block.within('\xA0', 0x20), block.within('\x80', 0x10), block.within('\x90', 0x30)};
    uint64_t wrong = (block.within('\x80', 64) ^ wanted) | block.within('\xC0', 2) | block.within('\xF5', 11);
    for (int i = 0; i < 4; ++i) wrong |= (narrow[i] << 1 | narrow_before[i]) & refused[i];
    if (wrong) break;
    for (int i = 0; i < 4; ++i) narrow_before[i] = narrow[i] >> 63;
    wanted_before = leads >> 63 | leads3 >> 62 | leads4 >> 61;
  }
  if (wanted_before) {  // a sequence goes on here: back to where it begins
    do --at;
    while ((text[at] & 0xC0) == 0x80);
  }
  return at;
}

#endif

}  // namespace merganser::text::MERGANSER_ISA_NS
