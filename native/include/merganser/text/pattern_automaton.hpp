// The deterministic automaton of a pattern.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "merganser/text/pattern_program.hpp"

namespace merganser::text {

class PatternAutomaton {
 public:
  // `program` must have an automaton, and outlive this.
  explicit PatternAutomaton(const PatternProgram& program);

  // End of the match that begins at `start`, or kNoMatch.
  size_t match_end(const uint8_t* text, size_t size, size_t start) const;

 private:
  const PatternProgram& program_;
  uint32_t width_;
  // Transitions with offsets of rows instead of numbers of states; the top bit says that what was read before is a match.
  std::vector<uint32_t> rows_;
  std::vector<uint32_t> starts_;
};

}  // namespace merganser::text
