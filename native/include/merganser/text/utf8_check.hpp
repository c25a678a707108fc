// Text that may not be UTF-8.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "merganser/simd/instruction_set.hpp"

namespace merganser::text {

// Where the first malformed sequence begins; `size` if there is none.
size_t find_malformed(const uint8_t* text, size_t size);

// Appends the text with U+FFFD for each malformed sequence, as the WHATWG decoder does it (the longest beginning of a sequence is one error).
void append_well_formed(const uint8_t* text, size_t size, std::vector<uint8_t>& out);

// So many bytes at the start are well-formed: up to the first malformed ones or the end, or somewhat less.
#define MERGANSER_DECLARE(isa) \
  namespace isa {              \
  size_t well_formed_blocks(const uint8_t* text, size_t size); \
  }
MERGANSER_FOR_EACH_INSTRUCTION_SET(MERGANSER_DECLARE)
#undef MERGANSER_DECLARE

}  // namespace merganser::text
