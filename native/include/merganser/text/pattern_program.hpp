// A compiled regular expression as plain data. Mirrors PatternProgram and PatternOp of lib/backend (kernels.ts, pattern-code.ts), where everything
// is documented.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "merganser/text/utf8.hpp"

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

struct PatternProgram {
  uint32_t class_count = 0;
  std::vector<uint16_t> class_pages;
  std::vector<uint8_t> class_ids;
  std::vector<int32_t> code;
  std::vector<uint32_t> sets;
  uint32_t set_words = 0;
  // The automaton; `starts` is empty where there is none.
  std::vector<uint16_t> starts;
  uint32_t state_count = 0;
  std::vector<uint16_t> transitions;
  std::vector<uint8_t> except;  // by class: only the code finds matches that begin with it; empty: the automaton finds all

  bool has_automaton() const { return !starts.empty(); }
  bool is_excepted(const uint8_t* text, size_t at, size_t size) const { return !except.empty() && except[class_after(text, at, size)]; }

  uint32_t class_of(uint32_t code_point) const { return class_ids[size_t{class_pages[code_point >> 8]} << 8 | (code_point & 0xFF)]; }
  // "No character" is the class behind all others.
  uint32_t class_after(const uint8_t* text, size_t at, size_t size) const { return at == size ? class_count : class_of(decode(text + at).value); }
  uint32_t class_before(const uint8_t* text, size_t at) const { return at == 0 ? class_count : class_of(decode(text + previous_start(text, at)).value); }
  bool in_set(int32_t set, uint32_t character_class) const {
    return sets[static_cast<size_t>(set) * set_words + (character_class >> 5)] >> (character_class & 31) & 1;
  }
};

// What a matcher answers where nothing matches.
inline constexpr size_t kNoMatch = static_cast<size_t>(-1);

}  // namespace merganser::text
