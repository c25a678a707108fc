// Text that may not be UTF-8.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace merganser::text {

// Where the first malformed sequence begins; `size` if there is none.
size_t find_malformed(const uint8_t* text, size_t size);

// Appends the text with U+FFFD for each malformed sequence, as the WHATWG decoder does it (the longest beginning of a sequence is one error).
void append_well_formed(const uint8_t* text, size_t size, std::vector<uint8_t>& out);

}  // namespace merganser::text
