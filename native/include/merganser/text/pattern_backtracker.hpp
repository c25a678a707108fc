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
  // Failed alternatives, and bytes that loops read, since the search for the match began.
  uint64_t steps = 0;
  // Asked now and then whether to give up (PatternStopped), or null.
  bool (*stop)(void* context) = nullptr;
  void* stop_context = nullptr;
  uint64_t heard = 0;  // the steps when that was asked
};

// Whoever asked for the matches does not want them any more.
struct PatternStopped {};

// A pattern that has to be tried in too many ways: at one place as Oniguruma, whose limit this is, or before one match is found, we give up instead of hanging.
struct TooManySteps : std::runtime_error {
  TooManySteps() : std::runtime_error("too many ways to match a regular expression") {}
};

class PatternBacktracker {
 public:
  static constexpr uint32_t kMaxRetries = 10'000'000;
  static constexpr uint64_t kMaxSearchSteps = 300'000'000;

  explicit PatternBacktracker(const PatternProgram& program);
  // End of the match that begins at `start`, or kNoMatch. Throws std::bad_alloc if the alternatives need more than a gigabyte, TooManySteps if
  // more than kMaxRetries of them fail, or scratch.steps gets beyond kMaxSearchSteps.
  size_t match_end(const uint8_t* text, size_t size, size_t start, size_t search_start, PatternScratch& scratch) const;

 private:
  struct Run;
  const PatternProgram& program_;
  size_t registers_ = 0;
};

}  // namespace merganser::text
