// GPT-2's printable alphabet for bytes; see lib/tokenizer/byte-alphabet.ts.
#pragma once
#include <cstdint>
#include <vector>

namespace merganser::text {

// [begin, end) with a character of the alphabet for each byte, as UTF-8.
void write_in_alphabet(const uint8_t* begin, const uint8_t* end, std::vector<uint8_t>& written);

}  // namespace merganser::text
