#include "merganser/text/pattern.hpp"

#include "merganser/text/pattern_backtracker.hpp"

namespace merganser::text {
namespace {

constexpr uint16_t kMatchBefore = 0x8000;
constexpr uint32_t kMatchBit = 0x80000000u;

}  // namespace

Pattern::Pattern(PatternProgram program)
    : program_(std::move(program)),
      classes_(program_.class_pages, program_.class_ids, program_.class_count),
      backtracker_(std::make_unique<PatternBacktracker>(program_, classes_)) {
  const uint32_t row = program_.class_count + 1;
  for (const uint16_t transition : program_.transitions) {
    rows_.push_back((transition & 0x7FFFu) * row | (transition & kMatchBefore ? kMatchBit : 0));
  }
  for (const uint16_t start : program_.starts) start_rows_.push_back(start * row);
  // The code of a pattern that matches no empty text begins with a look at the first character.
  if (program_.code[0] == static_cast<int32_t>(PatternOp::after)) {
    const uint32_t* set = program_.sets.data() + static_cast<size_t>(program_.code[1]) * program_.set_words;
    for (uint32_t c = 0; c < row; ++c) can_start_.push_back(set[c >> 5] >> (c & 31) & 1);
  }
}

Pattern::~Pattern() = default;

bool Pattern::find(const uint8_t* text, size_t size, size_t from, size_t& start, size_t& end, PatternScratch& scratch) const {
  for (size_t at = from; at <= size; at += at < size ? sequence_size(text[at]) : 1) {
    if (!can_start_.empty() && !can_start_[classes_.after(text, size, at)]) continue;
    const size_t found = match_end(text, size, at, from, scratch);
    if (found == kNoMatch) continue;
    start = at;
    end = found;
    return true;
  }
  return false;
}

size_t Pattern::boundaries(const uint8_t* text, size_t size, size_t& position, uint32_t* ends, size_t capacity, PatternScratch& scratch) const {
  size_t count = 0;
  while (count < capacity && position < size) {
    const size_t end = match_end(text, size, position, position, scratch);
    if (end == kNoMatch || end == position) break;
    ends[count++] = static_cast<uint32_t>(end);
    position = end;
  }
  return count;
}

size_t Pattern::match_end(const uint8_t* text, size_t size, size_t start, size_t search_start, PatternScratch& scratch) const {
  return rows_.empty() ? backtracker_->match_end(text, size, start, search_start, scratch) : run_automaton(text, size, start);
}

// One dependent load a character: the row of the next state. The class does not depend on it and is fetched ahead of time.
size_t Pattern::run_automaton(const uint8_t* text, size_t size, size_t start) const {
  uint32_t row = start_rows_.size() == 1 ? start_rows_[0] : start_rows_[classes_.before(text, start)];
  size_t end = kNoMatch;
  for (size_t at = start; at < size;) {
    const uint8_t byte = text[at];
    const uint32_t next = rows_[row + (byte < 0x80 ? classes_.ascii(byte) : classes_.at(text + at))];
    if (next & kMatchBit) end = at;
    row = next & ~kMatchBit;
    if (row == 0) return end;
    at += sequence_size(byte);
  }
  return rows_[row + classes_.none()] & kMatchBit ? size : end;
}

}  // namespace merganser::text
