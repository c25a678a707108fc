// Cutting text into portions that are counted apart from one another, by several threads and in bounded memory. The words of all portions together
// are those of the whole, because cuts are only made where words end whatever stands around them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace merganser::training {

struct CutRule {
  bool lines;  // behind newlines: every line is a text of its own
  bool words;  // before a space between two ASCII letters: with the scanners' patterns a word ends there

  // The first place >= `from` (>= 1) where text[0, size) may be cut; `size` if there is none. Looks at bytes before `from` too.
  size_t find(const uint8_t* text, size_t size, size_t from) const;
};

// Unused bytes at the end of every portion, for those who read blocks.
constexpr size_t kPortionPadding = 64;

// Reads the portion of a file that belongs to bytes [from, to) of its `size` bytes: from the first cut >= from (or the start of the file) to the first
// cut >= to (or its end). It may be empty. Throws std::runtime_error with the system's reason.
// Its bytes, with the padding behind them, are in the buffer.
struct Portion {
  const uint8_t* bytes;
  size_t size;
};
Portion read_portion(const std::string& path, uint64_t from, uint64_t to, uint64_t size, const CutRule& rule, std::vector<uint8_t>& buffer);

}  // namespace merganser::training
