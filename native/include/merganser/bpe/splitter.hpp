// Pre-tokenization: every step splits each piece of the step before, as if that piece were the whole text; the last step's pieces go to a sink.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "merganser/bpe/encoder_spec.hpp"
#include "merganser/bpe/piece_sink.hpp"

namespace merganser::bpe {

// One thread's working memory.
struct SplitScratch {
  std::vector<text::PatternScratch> patterns;  // one per step
  std::vector<uint8_t> written;                // a piece in the alphabet of ByteLevel
};

// Steps that follow each other: from, to.
struct SplitLevels {
  size_t from, to;
};

class Splitter {
 public:
  // `scanner`: does what all steps do together, or null. `cuts`: where pieces may be cut up, or null. Keeps references to all.
  Splitter(const std::vector<SplitStep>& steps, const text::Scanner* scanner, const text::CutView* cuts) : steps_(steps), scanner_(scanner), cuts_(cuts) {}

  // Feeds the pieces of [begin, end) to `batch`, whose position is `begin`, until `stop()`, which is also asked while a pattern looks long for a match.
  template <typename Stop>
  void split(const uint8_t* begin, const uint8_t* end, PieceSink& batch, SplitScratch& scratch, Stop stop) const {
    split(begin, end, {0, steps_.size()}, batch, scratch, stop);
  }
  // The same by some of the steps, if there is no scanner for all of them.
  template <typename Stop>
  void split(const uint8_t* begin, const uint8_t* end, SplitLevels levels, PieceSink& batch, SplitScratch& scratch, Stop stop) const {
    scratch.patterns.resize(steps_.size());
    const StopFunction check{&stop, [](void* context) { return (*static_cast<Stop*>(context))(); }};
    const Run whole{batch, scratch, check, levels.to, false};
    for (text::PatternScratch& pattern : scratch.patterns) {
      pattern.stop = check.call;
      pattern.stop_context = check.context;
    }
    try {
      scanner_ ? scan_family(whole, *scanner_, begin, end) : run(whole, levels.from, begin, end);
    } catch (const text::PatternStopped&) {
      // The rest is not wanted.
    }
  }
  const std::vector<SplitStep>& steps() const { return steps_; }
  bool has_scanner() const { return scanner_; }

 private:
  struct StopFunction {
    void* context;
    bool (*call)(void*);
    bool operator()() const { return call(context); }
  };
  struct Run {
    PieceSink& batch;
    SplitScratch& scratch;
    StopFunction stop;
    size_t to;     // the level behind the last
    bool written;  // in the alphabet of ByteLevel
  };
  class Behavior;
  class WrittenSink;

  void run(const Run& run, size_t level, const uint8_t* begin, const uint8_t* end) const;
  void scan_family(const Run& run, const text::Scanner& scanner, const uint8_t* begin, const uint8_t* end) const;
  void scan_matches(const Run& run, size_t level, const uint8_t* begin, const uint8_t* end) const;
  size_t next_match(const Run& run, size_t level, const uint8_t* begin, size_t size, size_t position) const;
  void split_by_length(const Run& run, size_t level, const uint8_t* begin, const uint8_t* end) const;
  void split_by_stream(const Run& run, size_t level, const uint8_t* begin, const uint8_t* end) const;
  void split_by_pattern(const Run& run, size_t level, const uint8_t* begin, const uint8_t* end) const;
  void split_written(const Run& run, size_t level, const uint8_t* begin, const uint8_t* end) const;

  const std::vector<SplitStep>& steps_;
  const text::Scanner* scanner_;
  const text::CutView* cuts_;
};

}  // namespace merganser::bpe
