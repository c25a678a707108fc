// Divides text into the matches of a pattern's automaton and what lies between them (gaps), a table look-up a character.
//
// A greedy match ends before the automaton knows that it does: it has read on, perhaps far, when it dies. The plain way then goes back to the end of the match and
// reads what follows once more. Here that is done ahead, when the machine is made: a state of it is a chain of attempts. The first is the match that is being read;
// the second began where the first will have ended if it gets no longer; the third where the second will, and so on. When the first dies, the second takes its
// place, and has read all there is already. Where no match begins, a character belongs to a gap, and the next attempt begins behind it.
//
// Ends that are not certain yet are written behind those that are, in the order of the chain; when they become so, the count goes on over them. A transition says
// which of these places the present position is to be written to, by how much the count grows, and what the next state is: no branch depends on the text.
//
// A chain may become long, or need what only the pattern's code finds, and there may be too many. Such transitions are left out: there the match is found the plain way.
//
// Where the time goes: each character waits for the one before, since its transition is looked up in the row that that one led to: a load (5 cycles), and the masking of
// what else is in it. So numbers of rows are offsets, and rows have a place for each class of characters, so that they stay in the L1 cache.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "merganser/text/pattern_automaton.hpp"
#include "merganser/text/pattern_program.hpp"

namespace merganser::text {

class PatternStream {
 public:
  // In an end: what ends there is a gap.
  static constexpr uint32_t kGap = 1u << 31;
  // So many more ends may be written than there is capacity for.
  static constexpr size_t kOvershoot = 16;

  // null where a match may be empty or depends on the character before it. Keeps references.
  static std::unique_ptr<PatternStream> make(const PatternProgram& program, const PatternAutomaton& automaton);

  // Ends of consecutive matches and gaps from `position` on, where one of either begins, counted from there. Stops at `capacity`, at the end of the text (which a gap
  // may be in front of), or where the plain way finds no match. Moves `position` behind the last.
  size_t boundaries(const uint8_t* text, size_t size, size_t& position, uint32_t* ends, size_t capacity) const;

 private:
  class Builder;

  PatternStream(const PatternProgram& program, const PatternAutomaton& automaton) : program_(program), automaton_(automaton) {}

  const PatternProgram& program_;
  const PatternAutomaton& automaton_;
  // Transitions by row and class, the end of the text last: offset of the next row; which place to write to and by how much the count grows; kGap. 0: left out.
  std::vector<uint32_t> rows_;
  uint32_t start_ = 0;
  uint8_t ascii_[128];
};

}  // namespace merganser::text
