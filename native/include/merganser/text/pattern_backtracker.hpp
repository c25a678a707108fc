// Runs the backtracking code of a pattern (lib/backend/pattern-code.ts). Alternatives lie on an explicit stack; a loop over a set is one entry
// whatever its length, so that a megabyte of one character takes no memory and nothing recurses. Twin of lib/backend/js/pattern-backtracker.ts.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "merganser/text/pattern_program.hpp"

namespace merganser::text {

// One thread's working memory for one pattern.
struct PatternScratch {
  std::vector<int64_t> stack;
  std::vector<int64_t> registers;
};

class PatternBacktracker {
 public:
  explicit PatternBacktracker(const PatternProgram& program);
  // End of the match that begins at `start`, or kNoMatch. Throws std::bad_alloc if the alternatives need more than a gigabyte.
  size_t match_end(const uint8_t* text, size_t size, size_t start, size_t search_start, PatternScratch& scratch) const;

 private:
  struct Run;
  const PatternProgram& program_;
  size_t registers_ = 0;
};

}  // namespace merganser::text
