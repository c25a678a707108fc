#include "merganser/bpe/splitter.hpp"

#include <algorithm>

#include "merganser/text/byte_alphabet.hpp"
#include "merganser/text/utf8.hpp"

namespace merganser::bpe {
namespace {

constexpr uint32_t kGap = text::PatternStream::kGap;
// Matches and gaps that a step finds before those behind it get them.
constexpr size_t kAtOnce = 128;

}  // namespace

// What becomes of matches and of what lies between them (Hugging Face's SplitDelimiterBehavior). Segments come in from left to right, pieces and
// dropped delimiters go out; one segment at most is held back, for what comes next to be joined to it.
class Splitter::Behavior {
 public:
  Behavior(const Splitter& splitter, const Run& run, size_t level) : splitter_(splitter), run_(run), level_(level), behavior_(splitter.steps_[level].behavior) {}

  void segment(const uint8_t* begin, const uint8_t* end, bool match) {
    switch (behavior_) {
      case SplitBehavior::removed:
        return match ? drop(begin, end) : emit(begin, end);
      case SplitBehavior::isolated:
        return emit(begin, end);
      case SplitBehavior::merged_with_previous:
        hold(begin, end, match && !previous_match_);
        break;
      case SplitBehavior::merged_with_next:
        // A delimiter waits for what is no delimiter.
        hold(begin, end, !match && previous_match_);
        break;
      case SplitBehavior::contiguous:
        hold(begin, end, match == previous_match_);
        break;
    }
    previous_match_ = match;
  }
  void finish() {
    if (held_) emit(held_begin_, held_end_);
    held_ = false;
  }

 private:
  void hold(const uint8_t* begin, const uint8_t* end, bool join) {
    if (held_ && join) {
      held_end_ = end;
      return;
    }
    finish();
    held_ = true;
    held_begin_ = begin;
    held_end_ = end;
  }
  void emit(const uint8_t* begin, const uint8_t* end) {
    if (begin < end) splitter_.run(run_, level_ + 1, begin, end);
  }
  void drop(const uint8_t* begin, const uint8_t* end) {
    if (begin < end) run_.batch.push(end, false);
  }

  const Splitter& splitter_;
  const Run& run_;
  size_t level_;
  SplitBehavior behavior_;
  bool previous_match_ = false;
  bool held_ = false;
  const uint8_t* held_begin_ = nullptr;
  const uint8_t* held_end_ = nullptr;
};

void Splitter::run(const Run& run, size_t level, const uint8_t* begin, const uint8_t* end) const {
  if (level == run.to) return run.batch.push(end);
  const SplitStep& step = steps_[level];
  if (step.over_alphabet && !run.written) return split_written(run, level, begin, end);
  if (step.scanner) return scan_family(run, *step.scanner, begin, end);
  if (!step.pattern) return split_by_length(run, level, begin, end);
  if (level + 1 == run.to && step.divides()) return scan_matches(run, level, begin, end);
  if (step.pattern->finds_gaps()) return split_by_stream(run, level, begin, end);
  split_by_pattern(run, level, begin, end);
}

// Takes pieces of written text, and gives those of the text that was written.
class Splitter::WrittenSink final : public PieceSink {
 public:
  WrittenSink(PieceSink& out, const uint8_t* at) : out_(out), at_(at) {}

 private:
  void take(const Batch& batch) override {
    for (uint32_t i = 0; i < batch.count; ++i) {
      const uint8_t *const begin = batch.base + batch.bounds[i], *const end = batch.base + batch.bounds[i + 1];
      at_ += std::count_if(begin, end, [](uint8_t byte) { return (byte & 0xC0) != 0x80; });
      out_.push(at_, !batch.is_dropped(i));
    }
  }

  PieceSink& out_;
  const uint8_t* at_;
};

void Splitter::split_written(const Run& run, size_t level, const uint8_t* begin, const uint8_t* end) const {
  std::vector<uint8_t>& written = run.scratch.written;
  text::write_in_alphabet(begin, end, written);
  PieceSink::check_stretch(written.size());
  const uint8_t* const written_end = written.data() + written.size();
  WrittenSink sink(run.batch, begin);
  sink.begin_stretch(written.data(), written_end);
  this->run({sink, run.scratch, run.stop, run.to, true}, level, written.data(), written_end);
  sink.end_stretch();
}

void Splitter::split_by_length(const Run& run, size_t level, const uint8_t* begin, const uint8_t* end) const {
  while (begin < end && !run.stop()) {
    const uint8_t* piece = begin;
    for (uint32_t i = 0; i < steps_[level].fixed_length && begin < end; ++i) begin += text::sequence_size(*begin);
    this->run(run, level + 1, piece, begin);
  }
}

// Some matches and gaps at a time.
void Splitter::split_by_stream(const Run& run, size_t level, const uint8_t* begin, const uint8_t* end) const {
  const SplitStep& step = steps_[level];
  text::PatternScratch& scratch = run.scratch.patterns[level];
  const size_t size = static_cast<size_t>(end - begin);
  uint32_t ends[kAtOnce + text::PatternStream::kOvershoot];
  Behavior behavior(*this, run, level);
  const uint8_t* at = begin;
  const auto segment = [&](const uint8_t* to, bool match) {
    if (at < to) behavior.segment(at, to, match != step.invert);
    at = to;
  };
  for (size_t position = 0; position < size && !run.stop();) {
    const uint8_t* const origin = begin + position;
    const size_t count = step.pattern->boundaries(begin, size, position, ends, kAtOnce, scratch);
    for (size_t i = 0; i < count; ++i) segment(origin + (ends[i] & ~kGap), !(ends[i] & kGap));
    if (count > 0 || position >= size) continue;
    size_t start, stop;
    const bool found = step.pattern->find(begin, size, position, start, stop, scratch);
    segment(found ? begin + start : end, false);
    if (found) segment(begin + stop, true);
    position = static_cast<size_t>(at - begin);
  }
  behavior.finish();
}

void Splitter::split_by_pattern(const Run& run, size_t level, const uint8_t* begin, const uint8_t* end) const {
  const SplitStep& step = steps_[level];
  const size_t size = static_cast<size_t>(end - begin);
  Behavior behavior(*this, run, level);
  size_t done = 0, from = 0, start, stop;
  bool matched = false;
  while (from <= size && !run.stop() && step.pattern->find(begin, size, from, start, stop, run.scratch.patterns[level])) {
    if (start == stop) from = start < size ? start + text::sequence_size(begin[start]) : size + 1;
    // An empty match directly behind another match does not count.
    if (start == stop && matched && start == done) continue;
    if (done != start) behavior.segment(begin + done, begin + start, step.invert);
    behavior.segment(begin + start, begin + stop, !step.invert);
    matched = true;
    done = stop;
    if (stop > start) from = stop;
  }
  if (done != size) behavior.segment(begin + done, end, step.invert);
  behavior.finish();
}

// The last step with a scanner of its own: its pieces cover the text.
void Splitter::scan_family(const Run& run, const text::Scanner& scanner, const uint8_t* begin, const uint8_t* end) const {
  while (begin < end && !run.stop()) {
    const uint32_t capacity = run.batch.capacity();
    const text::ScanText text{end, run.batch.readable_end(), run.batch.base(), cuts_};
    run.batch.pushed(scanner.scan(begin, text, run.batch.ends(), capacity));
  }
}

// The last step where matches stay apart: ends are written in bulk.
void Splitter::scan_matches(const Run& run, size_t level, const uint8_t* begin, const uint8_t* end) const {
  const SplitStep& step = steps_[level];
  const size_t size = static_cast<size_t>(end - begin);
  text::PatternScratch& scratch = run.scratch.patterns[level];
  size_t position = 0;
  while (position < size && !run.stop()) {
    const uint32_t capacity = run.batch.capacity();
    const uint32_t offset = static_cast<uint32_t>(begin + position - run.batch.base());
    uint32_t* const ends = run.batch.ends();
    const uint32_t count = static_cast<uint32_t>(step.pattern->boundaries(begin, size, position, ends, capacity, scratch));
    for (uint32_t i = 0; step.behavior == SplitBehavior::removed && i < count; ++i) {
      if (ends[i] & kGap ? step.drops_gaps() : step.drops_matches()) run.batch.drop_end(i);
    }
    for (uint32_t i = 0; i < count; ++i) ends[i] = (ends[i] & ~kGap) + offset;
    run.batch.pushed(count);
    if (count > 0 || position >= size) continue;
    position = next_match(run, level, begin, size, position);
  }
}

// From where no match of the last step begins (or an empty one) to behind the next match. An empty match is no piece but ends the gap before it.
size_t Splitter::next_match(const Run& run, size_t level, const uint8_t* begin, size_t size, size_t position) const {
  const SplitStep& step = steps_[level];
  size_t start, stop;
  for (size_t from = position; from < size; from = start + text::sequence_size(begin[start])) {
    if (!step.pattern->find(begin, size, from, start, stop, run.scratch.patterns[level])) break;
    if (start > position) run.batch.push(begin + start, !step.drops_gaps());
    position = start;
    if (stop > start) {
      run.batch.push(begin + stop, !step.drops_matches());
      return stop;
    }
    if (start == size) return size;
  }
  if (position < size) run.batch.push(begin + size, !step.drops_gaps());
  return size;
}

}  // namespace merganser::bpe
