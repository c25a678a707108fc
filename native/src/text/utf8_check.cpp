#include "merganser/text/utf8_check.hpp"

#include <cstring>

namespace merganser::text {
namespace {

constexpr uint8_t kReplacement[3] = {0xEF, 0xBF, 0xBD};

struct Sequence {
  size_t size;  // of the sequence, or of what is malformed
  bool valid;
};

bool continues(const uint8_t* at, const uint8_t* end) { return at < end && (*at & 0xC0) == 0x80; }

// The sequence at `at`, which begins with a byte above 0x7F.
Sequence sequence_at(const uint8_t* at, const uint8_t* end) {
  const uint8_t lead = *at;
  if (lead < 0xC2 || lead > 0xF4) return {1, false};
  // The second byte of some leads is narrowed: no overlong forms, no surrogates, nothing above U+10FFFF.
  const uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80, high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (at + 1 >= end || at[1] < low || at[1] > high) return {1, false};
  const size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  for (size_t i = 2; i < size; ++i) {
    if (!continues(at + i, end)) return {i, false};
  }
  return {size, true};
}

const uint8_t* skip_ascii(const uint8_t* at, const uint8_t* end) {
  for (; end - at >= 32; at += 32) {
    uint64_t words[4];
    std::memcpy(words, at, 32);
    if ((words[0] | words[1] | words[2] | words[3]) & 0x8080808080808080) break;
  }
  while (at < end && *at < 0x80) ++at;
  return at;
}

}  // namespace

size_t find_malformed(const uint8_t* text, size_t size) {
  static const auto well_formed = MERGANSER_SELECT(well_formed_blocks);
  const uint8_t *at = text + well_formed(text, size), *const end = text + size;
  while ((at = skip_ascii(at, end)) < end) {
    do {
      const Sequence sequence = sequence_at(at, end);
      if (!sequence.valid) return static_cast<size_t>(at - text);
      at += sequence.size;
    } while (at < end && *at >= 0x80);
  }
  return size;
}

void append_well_formed(const uint8_t* text, size_t size, std::vector<uint8_t>& out) {
  const uint8_t *at = text, *const end = text + size;
  while (at < end) {
    const uint8_t* const malformed = at + find_malformed(at, static_cast<size_t>(end - at));
    out.insert(out.end(), at, malformed);
    at = malformed;
    if (at == end) break;
    out.insert(out.end(), kReplacement, kReplacement + sizeof kReplacement);
    at += sequence_at(at, end).size;
  }
}

}  // namespace merganser::text
