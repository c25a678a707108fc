// Runs the backtracking code of a pattern (lib/backend/pattern-code.ts). Alternatives lie on an explicit stack; a loop over a set is one entry
// whatever its length, so that a megabyte of one character takes no memory and nothing recurses. Twin of lib/backend/js/pattern-backtracker.ts.
#pragma once
#include <cstddef>
#include <cstdint>

#include "merganser/text/pattern.hpp"

namespace merganser::text {

enum class PatternOp : int32_t {
  match,
  fail,
  set,
  after,
  before,
  jump,
  split,
  loop_greedy,
  loop_lazy,
  loop_possessive,
  save,
  capture,
  jump_if_empty,
  atomic_begin,
  atomic_end,
  look_begin,
  look_end,
  not_begin,
  not_end,
  step_back,
  at_look_start,
  at_search_start,
  back_reference,
};

class PatternBacktracker {
 public:
  PatternBacktracker(const PatternProgram& program, const CharacterClasses& classes);
  // End of the match that begins at `start`, or Pattern::kNoMatch. Throws std::bad_alloc if the alternatives need more than a gigabyte.
  size_t match_end(const uint8_t* text, size_t size, size_t start, size_t search_start, PatternScratch& scratch) const;

 private:
  struct Run;
  const PatternProgram& program_;
  const CharacterClasses& classes_;
  size_t registers_ = 0;
};

}  // namespace merganser::text
