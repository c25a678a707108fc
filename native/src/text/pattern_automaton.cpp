#include "merganser/text/pattern_automaton.hpp"

namespace merganser::text {
namespace {

constexpr uint32_t kMatchBefore = 0x8000;
constexpr uint32_t kState = 0x7FFF;
constexpr uint32_t kFlag = 1u << 31;
constexpr uint32_t kRow = kFlag - 1;

}  // namespace

PatternAutomaton::PatternAutomaton(const PatternProgram& program) : program_(program), width_(program.class_count + 1) {
  const auto& transitions = program.transitions;
  rows_.reserve(transitions.size());
  for (const uint32_t transition : transitions) rows_.push_back((transition & kState) * width_ | (transition & kMatchBefore ? kFlag : 0));
  for (const uint32_t state : program.starts) starts_.push_back(state * width_);
}

size_t PatternAutomaton::match_end(const uint8_t* text, size_t size, size_t start) const {
  uint32_t row = starts_.size() == 1 ? starts_[0] : starts_[program_.class_before(text, start)];
  size_t end = kNoMatch;
  for (size_t at = start; at < size;) {
    const CodePoint character = decode(text + at);
    const uint32_t next = rows_[row + program_.class_of(character.value)];
    if (next & kFlag) end = at;
    row = next & kRow;
    if (row == 0) return end;
    at += character.size;
  }
  return rows_[row + program_.class_count] & kFlag ? size : end;
}

}  // namespace merganser::text
