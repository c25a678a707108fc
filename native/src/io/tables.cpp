#include "merganser/io/tables.hpp"

#include "merganser/io/expand_words.hpp"

namespace merganser::io {

void expand_words(const uint8_t* bits, size_t count, const uint8_t* present, uint64_t* words) {
  static const auto expand = MERGANSER_SELECT(expand_words);
  expand(bits, count, present, words);
}

PresentWords TableReader::sparse(uint64_t* words, size_t count) {
  check(value<uint64_t>() == count);
  const size_t groups = (count + 63) / 64;
  const uint8_t* const bits = take(groups * 8);
  size_t live = 0;
  for (size_t group = 0; group < groups; ++group) {
    uint64_t word;
    std::memcpy(&word, bits + 8 * group, 8);
    live += static_cast<size_t>(std::popcount(word));
    check(count - 64 * group >= 64 || word >> (count - 64 * group) == 0);
  }
  check(value<uint64_t>() == live);
  const PresentWords present{take(live * 8), live};
  expand_words(bits, count, present.bytes, words);
  return present;
}

}  // namespace merganser::io
