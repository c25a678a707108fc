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

  // Whether boundaries() can be used: no match is empty or depends on the character before it.
  bool streams() const { return !byte_rows_.empty(); }

  // Ends of consecutive matches from `position` on. Stops where none begins, or at the end; moves `position` behind the last match.
  size_t boundaries(const uint8_t* text, size_t size, size_t& position, uint32_t* ends, size_t capacity) const;

 private:
  class Stream;

  uint32_t streamed(uint32_t transition, uint32_t character_class) const;

  const PatternProgram& program_;
  uint32_t width_;
  // Transitions with offsets of rows instead of numbers of states; the top bit says that what was read before is a match.
  std::vector<uint32_t> rows_;
  std::vector<uint32_t> starts_;
  // Transitions of a machine that goes on with the next match where one ends for certain: see boundaries(). By class, and by byte for ASCII.
  std::vector<uint32_t> class_rows_;
  std::vector<uint32_t> byte_rows_;
};

}  // namespace merganser::text
