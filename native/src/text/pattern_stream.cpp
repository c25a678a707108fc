#include "merganser/text/pattern_stream.hpp"

#include <algorithm>
#include <map>

namespace merganser::text {
namespace {

constexpr uint32_t kMatchBefore = 0x8000, kState = 0x7FFF;
constexpr uint32_t kPlaceShift = 24, kCountShift = 27, kFew = 7;
constexpr uint32_t kRow = (1u << kPlaceShift) - 1;
constexpr size_t kMaxStates = 512;
constexpr size_t kMaxAttempts = 6;
// Positions must leave room for kGap.
constexpr size_t kMostAtOnce = size_t{1} << 30;

}  // namespace

// Makes the states and their transitions.
class PatternStream::Builder {
 public:
  explicit Builder(const PatternProgram& program) : program_(program), width_(program.class_count + 1) {
    settled_.assign(program.state_count, true);
    for (uint32_t state = 0; state < program.state_count; ++state) {
      for (uint32_t c = 0; c < width_; ++c) settled_[state] = settled_[state] && (program.transitions[size_t{state} * width_ + c] & kMatchBefore);
    }
  }

  void build(std::vector<uint32_t>& rows, uint32_t& start) {
    rows.assign(width_, 0);  // no state has row 0
    start = row_of({});
    for (size_t done = 0; done < states_.size(); ++done) {
      for (uint32_t c = 0; c < width_; ++c) rows.push_back(transition(*states_[done], c));
    }
  }

 private:
  enum class Kind : uint8_t { live, ended, unknown };
  struct Attempt {
    Kind kind = Kind::live;
    uint16_t state = 0;     // live: of the automaton
    bool after_gap = false;  // a gap ends where it began, if it comes to a match; the place is written
    bool matched = false;   // it has come to a match; its end is written
    auto operator<=>(const Attempt&) const = default;
    uint32_t places() const { return static_cast<uint32_t>(after_gap) + static_cast<uint32_t>(matched); }
  };
  struct Chain {
    std::vector<Attempt> attempts;
    bool open = true;  // one more begins with the next character …
    bool gap = false;  // … behind a gap
    auto operator<=>(const Chain&) const = default;
  };

  // 0: there would be too many.
  uint32_t row_of(const Chain& chain) {
    if (const auto known = numbers_.find(chain); known != numbers_.end()) return known->second;
    if (states_.size() == kMaxStates) return 0;
    const auto added = numbers_.emplace(chain, static_cast<uint32_t>(states_.size() + 1) * width_).first;
    states_.push_back(&added->first);
    return added->second;
  }

  uint32_t of(uint32_t state, uint32_t c) const { return program_.transitions[size_t{state} * width_ + c]; }

  // What a character of class `c` makes of a chain.
  uint32_t transition(const Chain& chain, uint32_t c) {
    next_ = Chain{{}, chain.open, chain.gap};
    certain_ = 0;
    written_ = kNowhere;
    gap_written_ = lost_ = left_out_ = false;
    for (const Attempt& attempt : chain.attempts) {
      if (!read(attempt, c)) break;
    }
    if (next_.open && c != program_.class_count) begin(c);
    if (left_out_ || certain_ + places() > kFew - 1 || next_.attempts.size() > kMaxAttempts) return 0;
    if (written_ == kNowhere) written_ = certain_ + places();
    const uint32_t row = row_of(next_);
    return row == 0 ? 0 : row | written_ << kPlaceShift | certain_ << kCountShift | (gap_written_ ? kGap : 0);
  }

  // False: what follows in the chain does not count any more.
  bool read(Attempt attempt, uint32_t c) {
    // The place of an attempt that came to nothing lies in between.
    if (lost_ && attempt.places() > 0) left_out_ = true;
    if (attempt.kind != Kind::live) return add(attempt), true;
    const uint32_t to = of(attempt.state, c);
    attempt.state = static_cast<uint16_t>(to & kState);
    const bool longer = to & kMatchBefore;
    if (longer) {
      written_ = certain_ + places() + static_cast<uint32_t>(attempt.after_gap);
      attempt.matched = true;
    }
    if (attempt.state != 0) {
      add(attempt);
    } else if (attempt.matched) {
      attempt.kind = Kind::ended;
      add(attempt);
    } else {
      lost_ = lost_ || attempt.after_gap;
    }
    if (!longer) return true;
    // Another begins here, unless this match gets longer in any case.
    next_.open = attempt.state == 0 || !settled_[attempt.state];
    next_.gap = false;
    return false;
  }

  void begin(uint32_t c) {
    const bool gap = next_.gap;
    if (!program_.except.empty() && program_.except[c]) {
      next_.open = false;
      return add({Kind::unknown, 0, false, false});
    }
    const uint32_t state = of(program_.starts[0], c) & kState;
    // If it comes to nothing, the character is in a gap.
    next_.open = state == 0 || !settled_[state];
    next_.gap = true;
    if (state == 0) return;
    if (gap) {
      written_ = certain_ + places();
      gap_written_ = true;
    }
    add({Kind::live, static_cast<uint16_t>(state), gap, false});
  }

  // What is certain now leaves the chain.
  void add(Attempt attempt) {
    const bool first = next_.attempts.empty();
    if (first && attempt.kind == Kind::unknown) left_out_ = true;
    if (first && attempt.kind == Kind::ended) {
      certain_ += attempt.places();
      return;
    }
    if (first && attempt.matched && attempt.after_gap) {
      ++certain_;
      attempt.after_gap = false;
    }
    next_.attempts.push_back(attempt);
  }

  uint32_t places() const {
    uint32_t sum = 0;
    for (const Attempt& attempt : next_.attempts) sum += attempt.places();
    return sum;
  }

  static constexpr uint32_t kNowhere = ~0u;

  const PatternProgram& program_;
  const uint32_t width_;
  std::vector<bool> settled_;  // by state of the automaton: what has been read is a match, whatever comes next
  std::map<Chain, uint32_t> numbers_;
  std::vector<const Chain*> states_;
  // Of the transition that is being made:
  Chain next_;
  uint32_t certain_ = 0, written_ = 0;
  bool gap_written_ = false, lost_ = false, left_out_ = false;
};

std::unique_ptr<PatternStream> PatternStream::make(const PatternProgram& program, const PatternAutomaton& automaton) {
  const auto first = program.transitions.begin() + static_cast<ptrdiff_t>(size_t{program.starts[0]} * (program.class_count + 1));
  const bool may_be_empty = std::any_of(first, first + program.class_count + 1, [](uint16_t to) { return to & kMatchBefore; });
  if (program.starts.size() > 1 || may_be_empty) return nullptr;
  std::unique_ptr<PatternStream> stream(new PatternStream(program, automaton));
  Builder(program).build(stream->rows_, stream->start_);
  for (uint32_t byte = 0; byte < 0x80; ++byte) stream->ascii_[byte] = static_cast<uint8_t>(program.class_of(byte));
  return stream;
}

size_t PatternStream::boundaries(const uint8_t* text, size_t size, size_t& position, uint32_t* ends, size_t capacity) const {
  text += position;
  size -= position;
  const size_t most = std::min(size, kMostAtOnce);
  const uint32_t* const rows = rows_.data();
  size_t at = 0, count = 0;
  uint32_t row = start_;
  const auto start = [&] { return count == 0 ? size_t{0} : ends[count - 1] & ~kGap; };
  while (count < capacity) {
    // There is an end for each character at most, save for those that are waiting.
    const size_t stop = std::min(most, at + (capacity - count));
    uint32_t next = row;
    while (at < stop) {
      const uint8_t byte = text[at];
      uint32_t length = 1;
      if (byte < 0x80) {
        next = rows[row + ascii_[byte]];
      } else {
        const CodePoint character = decode(text + at);
        next = rows[row + program_.class_of(character.value)];
        length = character.size;
      }
      if (next == 0) break;
      ends[count + (next >> kPlaceShift & kFew)] = static_cast<uint32_t>(at) | (next & kGap);
      count += next >> kCountShift & kFew;
      row = next & kRow;
      at += length;
    }
    if (next != 0 && at < most) continue;
    if (next != 0 && at == size) next = rows[row + program_.class_count];
    if (next != 0) {
      if (at < size) break;
      ends[count + (next >> kPlaceShift & kFew)] = static_cast<uint32_t>(at);
      count += next >> kCountShift & kFew;
      break;
    }
    const size_t end = start() == size ? kNoMatch : automaton_.match_end(text, size, start());
    if (end == kNoMatch || end > kMostAtOnce) break;
    ends[count++] = static_cast<uint32_t>(end);
    at = end;
    row = start_;
  }
  position += start();
  return count;
}

}  // namespace merganser::text
