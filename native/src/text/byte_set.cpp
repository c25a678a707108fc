#include "merganser/text/byte_set.hpp"

namespace merganser::text {

size_t find_in_set(const ByteSet& set, const uint8_t* text, size_t from, size_t size) {
  static const auto find = MERGANSER_SELECT(find_in_set);
  return find(set, text, from, size);
}

}  // namespace merganser::text
