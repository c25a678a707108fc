#include "merganser/text/pattern_automaton.hpp"

#include <algorithm>

namespace merganser::text {
namespace {

constexpr uint32_t kMatchBefore = 0x8000;
constexpr uint32_t kState = 0x7FFF;
constexpr uint32_t kFlag = 1u << 31;
constexpr uint32_t kRow = kFlag - 1;
constexpr uint32_t kBytes = 256;
// 1 KiB each.
constexpr uint32_t kMaxByteRows = 256;

}  // namespace

PatternAutomaton::PatternAutomaton(const PatternProgram& program) : program_(program), width_(program.class_count + 1) {
  const auto& transitions = program.transitions;
  rows_.reserve(transitions.size());
  for (const uint32_t transition : transitions) rows_.push_back((transition & kState) * width_ | (transition & kMatchBefore ? kFlag : 0));
  for (const uint32_t state : program.starts) starts_.push_back(state * width_);

  const bool may_be_empty = std::any_of(rows_.begin() + starts_[0], rows_.begin() + starts_[0] + width_, [](uint32_t t) { return t & kFlag; });
  if (starts_.size() > 1 || may_be_empty || program.state_count > kMaxByteRows) return;
  class_rows_.reserve(rows_.size());
  byte_rows_.assign(size_t{program.state_count} * kBytes, 0);
  for (uint32_t state = 0; state < program.state_count; ++state) {
    for (uint32_t c = 0; c < width_; ++c) class_rows_.push_back(streamed(transitions[size_t{state} * width_ + c], c));
    for (uint32_t byte = 0; byte < 0x80; ++byte) byte_rows_[size_t{state} * kBytes + byte] = class_rows_[size_t{state} * width_ + program.class_of(byte)];
  }
}

// A transition of the streaming machine: the state's row among the byte rows, flagged if a match ends before this character and another begins with
// it. 0: what happens here has to be found out by match_end().
uint32_t PatternAutomaton::streamed(uint32_t transition, uint32_t character_class) const {
  if ((transition & kState) != 0) return (transition & kState) * kBytes;
  if ((transition & kMatchBefore) == 0 || character_class == program_.class_count) return 0;
  const uint32_t restart = program_.transitions[starts_[0] + character_class] & kState;
  return restart == 0 ? 0 : restart * kBytes | kFlag;
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

// One run of the streaming machine.
//
// Where the time goes: each byte waits for the byte before it, since its transition is looked up in the row that that one led to: a load (5 cycles) and
// the masking of the flag. So rows are by byte (no class to look up), numbers of rows are offsets, and ends are stored unconditionally, the count
// advancing by the flag. When the automaton dies right behind a match, which is how most words end, the next match has begun with the same
// character, so the machine goes straight to the state after it instead of reading that character again, and no branch depends on the text. What
// remains are rare transitions to 0: characters beyond ASCII, and matches that end earlier than the automaton died (white space before a word).
class PatternAutomaton::Stream {
 public:
  Stream(const PatternAutomaton& automaton, const uint8_t* text, size_t size, size_t position, uint32_t* ends, size_t capacity)
      : automaton_(automaton), text_(text), size_(size), at_(position), start_(position), ends_(ends), capacity_(capacity), row_(start_row()) {}

  size_t run(size_t& position) {
    while (count_ < capacity_) {
      read_ascii();
      if (count_ == capacity_) break;
      if (at_ < size_ && text_[at_] >= 0x80 ? !read_beyond_ascii() : !finish_match()) break;
    }
    position = start();
    return count_;
  }

 private:
  uint32_t start_row() const { return automaton_.starts_[0] / automaton_.width_ * kBytes; }
  // Where the match that is being read began.
  size_t start() const { return count_ == 0 ? start_ : ends_[count_ - 1]; }

  // Reads until a transition to 0, the end of the text, or a full array.
  void read_ascii() {
    const uint32_t* const rows = automaton_.byte_rows_.data();
    const uint8_t* const text = text_;
    uint32_t* const ends = ends_;
    size_t at = at_, count = count_;
    uint32_t row = row_;
    for (;;) {
      // A byte ends one match at most.
      const size_t stop = std::min(size_, at + (capacity_ - count));
      for (; at < stop; ++at) {
        const uint32_t next = rows[row + text[at]];
        if (next == 0) break;
        ends[count] = static_cast<uint32_t>(at);
        count += next >> 31;
        row = next & kRow;
      }
      if (at < stop || at == size_ || count == capacity_) break;
    }
    at_ = at;
    count_ = count;
    row_ = row;
  }

  // Reads characters beyond ASCII. False: no match begins where one should.
  bool read_beyond_ascii() {
    do {
      const CodePoint character = decode(text_ + at_);
      const uint32_t next = automaton_.class_rows_[row_ / kBytes * automaton_.width_ + automaton_.program_.class_of(character.value)];
      if (next == 0) return finish_match();
      ends_[count_] = static_cast<uint32_t>(at_);
      count_ += next >> 31;
      row_ = next & kRow;
      at_ += character.size;
    } while (at_ < size_ && text_[at_] >= 0x80 && count_ < capacity_);
    return true;
  }

  // Finds the end of the present match the plain way and begins the next. False: there is none, or the text has ended.
  bool finish_match() {
    const size_t begin = start();
    if (begin == size_) return false;
    const size_t end = automaton_.match_end(text_, size_, begin);
    if (end == kNoMatch) return false;
    ends_[count_++] = static_cast<uint32_t>(end);
    at_ = end;
    row_ = start_row();
    return true;
  }

  const PatternAutomaton& automaton_;
  const uint8_t* const text_;
  const size_t size_;
  size_t at_;
  const size_t start_;
  uint32_t* const ends_;
  const size_t capacity_;
  size_t count_ = 0;
  uint32_t row_;
};

size_t PatternAutomaton::boundaries(const uint8_t* text, size_t size, size_t& position, uint32_t* ends, size_t capacity) const {
  return Stream(*this, text, size, position, ends, capacity).run(position);
}

}  // namespace merganser::text
