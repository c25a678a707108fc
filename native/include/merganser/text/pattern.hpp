// A compiled regular expression on UTF-8 (PatternProgram of lib/backend/kernels.ts; lib/tokenizer/pattern compiles it): by automaton where the
// program has one, else by backtracking. Twin of lib/backend/js/pattern-matcher.ts.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "merganser/text/character_classes.hpp"

namespace merganser::text {

struct PatternProgram {
  uint32_t class_count = 0;
  std::vector<uint16_t> class_pages;
  std::vector<uint8_t> class_ids;
  std::vector<int32_t> code;
  std::vector<uint32_t> sets;
  uint32_t set_words = 0;
  // The automaton; empty transitions: there is none.
  std::vector<uint16_t> starts;
  std::vector<uint16_t> transitions;
};

// One thread's working memory for one pattern.
struct PatternScratch {
  std::vector<int64_t> stack;
  std::vector<int64_t> registers;
};

class PatternBacktracker;

class Pattern {
 public:
  static constexpr size_t kNoMatch = SIZE_MAX;

  explicit Pattern(PatternProgram program);
  ~Pattern();
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  // The first match in text[0, size) that begins at or after `from`; what stands before `from` is seen by look-behinds.
  bool find(const uint8_t* text, size_t size, size_t from, size_t& start, size_t& end, PatternScratch& scratch) const;
  // Ends of consecutive matches, each non-empty and beginning where the last one ended, from `position` on; stops at `capacity`, at the end of the
  // text, or where no such match begins. Moves `position` behind the last one.
  size_t boundaries(const uint8_t* text, size_t size, size_t& position, uint32_t* ends, size_t capacity, PatternScratch& scratch) const;

 private:
  size_t match_end(const uint8_t* text, size_t size, size_t start, size_t search_start, PatternScratch& scratch) const;
  size_t run_automaton(const uint8_t* text, size_t size, size_t start) const;

  PatternProgram program_;
  CharacterClasses classes_;
  std::unique_ptr<PatternBacktracker> backtracker_;
  // Rows' offsets instead of states' numbers; the high bit: what was read before is a match.
  std::vector<uint32_t> rows_;
  std::vector<uint32_t> start_rows_;
  std::vector<uint8_t> can_start_;  // by class, "no character" last; empty: a match may be empty
};

}  // namespace merganser::text
