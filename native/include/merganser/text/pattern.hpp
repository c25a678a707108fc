// A compiled regular expression on UTF-8: by automaton where the program has one that answers, else by backtracking. Twin of lib/backend/js/pattern-matcher.ts.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "merganser/text/pattern_automaton.hpp"
#include "merganser/text/pattern_backtracker.hpp"
#include "merganser/text/pattern_program.hpp"
#include "merganser/text/pattern_stream.hpp"

namespace merganser::text {

class Pattern {
 public:
  explicit Pattern(PatternProgram program);
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  // The first match in text[0, size) that begins at or after `from`; what stands before `from` is seen by look-behinds.
  bool find(const uint8_t* text, size_t size, size_t from, size_t& start, size_t& end, PatternScratch& scratch) const;
  // Ends of consecutive matches, each non-empty and beginning where the last one ended, from `position` on and counted from there; stops at `capacity` (up to
  // PatternStream::kOvershoot more may be written), at the end of the text, or where no such match begins. Moves `position` behind the last one. Of patterns that
  // `finds_gaps`, also ends of what lies between matches, marked by PatternStream::kGap.
  size_t boundaries(const uint8_t* text, size_t size, size_t& position, uint32_t* ends, size_t capacity, PatternScratch& scratch) const;
  bool finds_gaps() const { return stream_ != nullptr; }

 private:
  size_t match_end(const uint8_t* text, size_t size, size_t start, size_t search_start, PatternScratch& scratch) const;
  // The first place at or after `at` whose character a match can begin with; the end of the text if there is none.
  size_t skip(const uint8_t* text, size_t size, size_t at) const;

  PatternProgram program_;
  PatternBacktracker backtracker_;
  std::unique_ptr<PatternAutomaton> automaton_;
  std::unique_ptr<PatternStream> stream_;  // null: see PatternStream::make
  std::vector<uint8_t> can_start_;        // by class, "no character" last; empty: a match may be empty
  std::vector<uint8_t> ascii_can_start_;  // the same by character
};

}  // namespace merganser::text
