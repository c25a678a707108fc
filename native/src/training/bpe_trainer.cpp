#include "merganser/training/bpe_trainer.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <set>

#include "merganser/training/compression_phase.hpp"
#include "merganser/training/picky_phase.hpp"
#include "merganser/training/rare_cuts.hpp"
#include "merganser/training/replay.hpp"

namespace merganser::training {
namespace {

uint32_t start_tokens(const BpeTrainingSpec& spec) { return static_cast<uint32_t>(spec.token_offsets.size() - 1); }

std::optional<MergeSchedule> schedule_of(const BpeTrainingSpec& spec) {
  if (!spec.schedule) return std::nullopt;
  const ScheduleSpec& schedule = *spec.schedule;
  std::vector<MergeSchedule::Merge> merges;
  for (size_t i = 0; i < schedule.counts.size(); ++i) {
    const uint32_t* const triple = &schedule.triples[3 * i];
    merges.push_back({triple[0], triple[1], triple[2], schedule.completes[i] != 0});
  }
  return MergeSchedule(std::move(merges), {schedule.counts.begin(), schedule.counts.end()}, schedule.forced, start_tokens(spec));
}

SymbolIds symbol_ids_of(const BpeTrainingSpec& spec, uint32_t tokens) {
  SymbolIds symbols{spec.kind, {}};
  if (spec.kind.unit == Unit::token) {
    symbols.ids.resize(tokens);
    std::iota(symbols.ids.begin(), symbols.ids.end(), 0u);
    return symbols;
  }
  symbols.ids.assign(spec.kind.bound(), kNoSymbol);
  for (size_t i = 0; i < spec.symbols.size(); ++i) symbols.ids[spec.symbols[i]] = spec.symbol_ids[i];
  return symbols;
}

// Different words may be spelled alike with affixes.
template <typename Id>
uint64_t word_floor(const WordCells<Id>& cells, const BpeTrainingSpec& spec) {
  if (spec.affixes) return spec.least_count;
  const std::set<uint32_t> different(spec.symbol_ids.begin(), spec.symbol_ids.end());
  return merge_floor(cells, spec.vocab_size, static_cast<uint32_t>(different.size()), spec.least_count, spec.max_token_length);
}

// No merge has a lower count; or a guess is wanted, if nothing is known.
template <typename Id>
void set_floor(MergeLimits& limits, const WordCells<Id>& cells, const BpeTrainingSpec& spec) {
  limits.floor = spec.least_count;
  if (spec.schedule && spec.schedule->forced == 0) {
    // If there were no supermerge at all, the last merge would be the last one of the schedule.
    if (!spec.schedule->counts.empty()) limits.floor = std::max(limits.floor, static_cast<uint64_t>(spec.schedule->counts.back()));
  } else if (limits.token_words) {
    limits.floor = UINT64_MAX;
    limits.guesses = spec.vocab_size - std::min(spec.vocab_size, start_tokens(spec));
  } else {
    limits.floor = word_floor(cells, spec);
  }
}

// Pairs take part of each other's occurrences away, so that the last merge is rarer than the guess; too low a floor only costs time. One that was too high is
// lowered by so much again.
constexpr uint64_t kFloorStep = 2;

// Words of tokens. The floor is a guess: if nothing above it is left, the words are cut anew for a lower one.
template <typename Id>
void merge_token_words(WordTable& words, const BpeTrainingSpec& spec, uint32_t wall, MergeLog& log, const std::function<bool()>& tick) {
  const uint32_t start = start_tokens(spec);
  TokenStrings tokens(spec.token_bytes, spec.token_offsets, spec.continuing_prefix, spec.vocab_size);
  std::vector<uint32_t> first(start);
  std::iota(first.begin(), first.end(), 0u);
  std::optional<TokenRule> rule;
  if (!spec.token_traits.empty()) rule.emplace(spec.most_words, spec.token_traits);
  const RareCuts cuts(words);
  bool goes_on = true;
  uint64_t floor = cuts.guess_floor(spec.vocab_size - std::min(spec.vocab_size, start));
  while (goes_on) {
    floor = std::max(spec.least_count, floor / kFloorStep);
    WordTable runs = cuts.cut(floor);
    WordCells<Id> cells(runs, symbol_ids_of(spec, start), static_cast<Id>(wall));
    runs.clear();
    if (log.count() > 0) replay_merges(cells, log.copy());
    const MergeLimits limits{spec.vocab_size, floor, spec.max_token_length, floor, true};
    MergePhase<Id>(cells, tokens, first, limits, log, rule ? &*rule : nullptr).run([&] { return goes_on = tick(); });
    if (floor == spec.least_count || tokens.size() >= spec.vocab_size) break;
  }
  words.clear();
}

template <typename Id>
void merge_words(WordTable& words, const BpeTrainingSpec& spec, uint32_t wall, MergeLog& log, const std::function<bool()>& tick) {
  if (spec.kind.unit == Unit::token && !spec.schedule) return merge_token_words<Id>(words, spec, wall, log, tick);
  std::optional<MergeSchedule> schedule = schedule_of(spec);
  SymbolIds symbols = symbol_ids_of(spec, schedule ? schedule->tokens() : start_tokens(spec));
  WordCells<Id> cells(words, symbols, static_cast<Id>(wall));
  symbols.ids = {};
  words.clear();
  MergeLimits limits{spec.vocab_size, spec.least_count, spec.max_token_length, 0, spec.kind.unit == Unit::token};
  set_floor(limits, cells, spec);
  TokenStrings tokens(spec.token_bytes, spec.token_offsets, spec.continuing_prefix, spec.vocab_size);
  std::vector<uint32_t> first = spec.symbol_ids;
  if (limits.token_words) {
    first.resize(start_tokens(spec));
    std::iota(first.begin(), first.end(), 0u);
  }
  std::optional<TokenRule> rule;
  if (!spec.token_traits.empty()) rule.emplace(spec.most_words, spec.token_traits);
  for (size_t i = 0; i < spec.done_counts.size(); ++i) {
    tokens.join(spec.done[3 * i], spec.done[3 * i + 1]);
    log.push(spec.done[3 * i], spec.done[3 * i + 1], spec.done[3 * i + 2], static_cast<uint64_t>(spec.done_counts[i]));
  }
  if (!spec.done.empty()) replay_merges(cells, spec.done);
  MergePhase<Id> phase(cells, tokens, first, limits, log, rule ? &*rule : nullptr, schedule ? &*schedule : nullptr);
  phase.run(tick);
}

void merge_and_remove(WordTable& words, const BpeTrainingSpec& spec, MergeLog& log, const std::function<bool()>& tick) {
  WordCells<uint32_t> cells(words, symbol_ids_of(spec, start_tokens(spec)), LivePairs::kWall);
  words.clear();
  TokenStrings tokens(spec.token_bytes, spec.token_offsets, spec.continuing_prefix, spec.vocab_size);
  const PickyLimits limits{spec.vocab_size, spec.max_token_length, word_floor(cells, spec), *spec.removal_threshold};
  PickyPhase(cells, tokens, spec.symbol_ids, limits, log).run(tick);
}

void merge_for_compression(WordTable& words, WordTable& validation, const BpeTrainingSpec& spec, MergeLog& log, const std::function<bool()>& tick) {
  const SymbolIds symbols = symbol_ids_of(spec, start_tokens(spec));
  StreamSize size;
  const SymbolCounts found = count_symbols(validation, spec.kind);
  for (size_t i = 0; i < found.symbols.size(); ++i) {
    const uint32_t id = symbols.ids[found.symbols[i]];
    if (id != kNoSymbol) size.add(id, static_cast<int64_t>(found.counts[i]));
  }
  WordCells<uint32_t> cells(words, symbols, LivePairs::kWall), others(validation, symbols, LivePairs::kWall);
  words.clear();
  validation.clear();
  TokenStrings tokens(spec.token_bytes, spec.token_offsets, spec.continuing_prefix, spec.vocab_size);
  const CompressionLimits limits{spec.vocab_size, spec.least_count, spec.max_token_length, spec.compared};
  CompressionPhase(cells, others, tokens, spec.symbol_ids, limits, size, log).run(tick);
}

}  // namespace

// Ids are 16 bits wide as long as that does: most of the time goes into loading them.
void train_bpe(WordTable& words, WordTable* validation, const BpeTrainingSpec& spec, MergeLog& log, const std::function<bool()>& tick) {
  if (spec.compared != 0) return merge_for_compression(words, *validation, spec, log, tick);
  if (spec.removal_threshold) return merge_and_remove(words, spec, log, tick);
  const uint32_t wall = std::max(spec.vocab_size, start_tokens(spec) + (spec.schedule ? static_cast<uint32_t>(spec.schedule->counts.size()) : 0));
  if (wall <= UINT16_MAX) {
    merge_words<uint16_t>(words, spec, wall, log, tick);
  } else {
    merge_words<uint32_t>(words, spec, wall, log, tick);
  }
}

}  // namespace merganser::training
