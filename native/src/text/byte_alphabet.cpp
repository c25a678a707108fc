#include "merganser/text/byte_alphabet.hpp"

#include <array>

namespace merganser::text {
namespace {

// Printable Latin-1 stands for itself; the other bytes are U+0100 and up, in order.
constexpr std::array<uint16_t, 256> code_points() {
  std::array<uint16_t, 256> table{};
  uint16_t next = 0x100;
  for (uint32_t byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
    table[byte] = printable ? static_cast<uint16_t>(byte) : next++;
  }
  return table;
}

constexpr std::array<uint16_t, 256> kCodePoints = code_points();

}  // namespace

void write_in_alphabet(const uint8_t* begin, const uint8_t* end, std::vector<uint8_t>& written) {
  written.clear();
  for (; begin < end; ++begin) {
    const uint16_t character = kCodePoints[*begin];
    if (character < 0x80) {
      written.push_back(static_cast<uint8_t>(character));
    } else {
      written.push_back(static_cast<uint8_t>(0xC0 | character >> 6));
      written.push_back(static_cast<uint8_t>(0x80 | (character & 63)));
    }
  }
}

}  // namespace merganser::text
