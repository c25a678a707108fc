#include "merganser/text/pattern.hpp"

#include <utility>

namespace merganser::text {
namespace {

// Positions must leave room for kGap, with what the stream adds to them.
constexpr size_t kMostAtOnce = (size_t{1} << 30) - 1;

}  // namespace

Pattern::Pattern(PatternProgram program) : program_(std::move(program)), backtracker_(program_) {
  if (program_.has_automaton()) {
    automaton_ = std::make_unique<PatternAutomaton>(program_);
    stream_ = PatternStream::make(program_, *automaton_);
  }
  // The code of a pattern that matches no empty text begins with a look at the first character.
  if (program_.code[0] != static_cast<int32_t>(PatternOp::after)) return;
  for (uint32_t c = 0; c <= program_.class_count; ++c) can_start_.push_back(program_.in_set(program_.code[1], c));
  for (uint32_t byte = 0; byte < 0x80; ++byte) ascii_can_start_.push_back(can_start_[program_.class_of(byte)]);
}

bool Pattern::find(const uint8_t* text, size_t size, size_t from, size_t& start, size_t& end, PatternScratch& scratch) const {
  scratch.steps = scratch.heard = 0;
  for (size_t at = from; at <= size; at += at < size ? sequence_size(text[at]) : 1) {
    at = skip(text, size, at);
    if (at == size && !can_start_.empty() && !can_start_[program_.class_count]) return false;
    const size_t found = match_end(text, size, at, from, scratch);
    if (found == kNoMatch) continue;
    start = at;
    end = found;
    return true;
  }
  return false;
}

size_t Pattern::skip(const uint8_t* text, size_t size, size_t at) const {
  if (can_start_.empty()) return at;
  const uint8_t* const ascii = ascii_can_start_.data();
  while (at < size) {
    if (text[at] < 0x80) {
      if (ascii[text[at]]) break;
      ++at;
    } else {
      const CodePoint character = decode(text + at);
      if (can_start_[program_.class_of(character.value)]) break;
      at += character.size;
    }
  }
  return at;
}

size_t Pattern::boundaries(const uint8_t* text, size_t size, size_t& position, uint32_t* ends, size_t capacity, PatternScratch& scratch) const {
  const size_t origin = position;
  size_t count = stream_ ? stream_->boundaries(text, size, position, ends, capacity) : 0;
  if (stream_ && program_.except.empty()) return count;
  while (count < capacity && position < size && position - origin < kMostAtOnce) {
    scratch.steps = scratch.heard = 0;
    const size_t end = match_end(text, size, position, position, scratch);
    if (end == kNoMatch || end == position || end - origin > kMostAtOnce) break;
    ends[count++] = static_cast<uint32_t>(end - origin);
    position = end;
    if (!stream_ || count == capacity) continue;
    const uint32_t offset = static_cast<uint32_t>(position - origin);
    const size_t more = stream_->boundaries(text, size, position, ends + count, capacity - count);
    for (size_t i = 0; i < more; ++i) ends[count++] += offset;
  }
  return count;
}

size_t Pattern::match_end(const uint8_t* text, size_t size, size_t start, size_t search_start, PatternScratch& scratch) const {
  if (!automaton_ || program_.is_excepted(text, start, size)) return backtracker_.match_end(text, size, start, search_start, scratch);
  return automaton_->match_end(text, size, start);
}

}  // namespace merganser::text
