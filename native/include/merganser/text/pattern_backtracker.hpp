// Runs the backtracking code of a pattern (lib/backend/pattern-code.ts). Alternatives lie on an explicit stack; a loop over a set is one entry
// whatever its length, so that a megabyte of one character takes no memory and nothing recurses. Twin of lib/backend/js/pattern-backtracker.ts.
#pragma once
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "merganser/text/pattern_program.hpp"

namespace merganser::text {

// One thread's working memory for one pattern.
struct PatternScratch {
  std::vector<int64_t> stack;
  std::vector<int64_t> registers;
};

// A pattern that has to be tried in too many ways at one place: as Oniguruma, whose limit this is, we give up instead of hanging.
struct TooManySteps : std::runtime_error {
  TooManySteps() : std::runtime_error("too many ways to match a regular expression") {}
};

class PatternBacktracker {
 public:
  static constexpr uint32_t kMaxRetries = 10'000'000;

  explicit PatternBacktracker(const PatternProgram& program);
  // End of the match that begins at `start`, or kNoMatch. Throws std::bad_alloc if the alternatives need more than a gigabyte, TooManySteps if
  // more than kMaxRetries of them fail.
  size_t match_end(const uint8_t* text, size_t size, size_t start, size_t search_start, PatternScratch& scratch) const;

 private:
  struct Run;
  const PatternProgram& program_;
  size_t registers_ = 0;
};

}  // namespace merganser::text
