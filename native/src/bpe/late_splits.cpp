#include "merganser/bpe/late_splits.hpp"

#include <algorithm>
#include <string_view>

namespace merganser::bpe {
namespace {

constexpr std::string_view kWords = "the quick brown fox jumps over the lazy dog";
constexpr size_t kWordCount = 9;
// Without spaces.
constexpr std::string_view kSentences[] = {"我们今天去公园玩", "これはペンです", "ภาษาไทยไม่เว้นวรรค"};

class PieceCounter final : public PieceSink {
 public:
  size_t count = 0;

 private:
  void take(const Batch& batch) override { count += batch.count; }
};

// How many pieces the first `levels` steps make of a text.
size_t count_pieces(const Splitter& splitter, size_t levels, std::string_view text) {
  const auto* const begin = reinterpret_cast<const uint8_t*>(text.data());
  PieceCounter counter;
  SplitScratch scratch;
  counter.begin_stretch(begin, begin + text.size());
  splitter.split(begin, begin + text.size(), {0, levels}, counter, scratch, [] { return false; });
  counter.end_stretch();
  return counter.count;
}

}  // namespace

size_t steps_to_words(const Splitter& splitter) {
  const std::vector<SplitStep>& steps = splitter.steps();
  // Steps over the alphabet divide at bytes, whatever the script.
  const auto written = std::find_if(steps.begin(), steps.end(), [](const SplitStep& step) { return step.over_alphabet; });
  const size_t all = splitter.has_scanner() ? 0 : steps.size(), unwritten = std::min(all, static_cast<size_t>(written - steps.begin()));
  const auto leave_sentences = [&](size_t levels) {
    return std::all_of(std::begin(kSentences), std::end(kSentences), [&](std::string_view sentence) {
      return count_pieces(splitter, levels, sentence) == count_pieces(splitter, unwritten, sentence);
    });
  };
  try {
    for (size_t levels = 1; levels < all && !steps[levels - 1].over_alphabet; ++levels) {
      if (count_pieces(splitter, levels, kWords) >= kWordCount && leave_sentences(levels)) return levels;
    }
  } catch (const text::TooManySteps&) {
    // Texts will be told, if it comes to that.
  }
  return all;
}

LateSplits::Outcome LateSplits::encode(const uint8_t* piece, size_t size, std::vector<uint32_t>& ids, const StopRule& stop) {
  bool stopped = false;
  parts_.start(size, &ids, stop);
  parts_.begin_stretch(piece, piece + size);
  splitter_.split(piece, piece + size, {level_, splitter_.steps().size()}, parts_, scratch_, [&] { return stopped = stopped || stop(ids.size()); });
  parts_.end_stretch();
  // Within a part, and within the last parts, too.
  stopped = stopped || stop(ids.size());
  return stopped ? Outcome::stopped : parts_.whole() ? Outcome::whole : Outcome::split;
}

void LateSplits::Parts::start(size_t size, std::vector<uint32_t>* ids, const StopRule& stop) {
  size_ = size;
  lookup_.stop_by(stop);
  stop_ = stop;
  ids_ = ids;
  whole_ = false;
  ids->clear();
}

void LateSplits::Parts::take(const Batch& batch) {
  whole_ = batch.bounds[1] == size_ && !batch.is_dropped(0);
  if (whole_) return;
  lookup_.each(batch.base, batch.bounds, batch.count, [&](uint32_t i, const PieceLookup::Piece& part) {
    // What comes beyond the limit is not wanted.
    if (batch.is_dropped(i) || stop_(ids_->size())) return;
    const auto tokens = lookup_.tokens(part);
    ids_->insert(ids_->end(), tokens.ids, tokens.ids + tokens.count);
  });
}

}  // namespace merganser::bpe
