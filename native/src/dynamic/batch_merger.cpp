#include "merganser/dynamic/batch_merger.hpp"

#include <algorithm>

namespace merganser::dynamic {
namespace {

constexpr uint32_t kNever = UINT32_MAX;
constexpr uint32_t kTickEvery = 1 << 16;  // cells and occurrences
constexpr uint32_t kAhead = 24;           // pairs whose loads are under way
constexpr size_t kHitsAhead = 8;          // occurrences whose loads are under way
constexpr size_t kLeastLookedThrough = 256, kMostLookedThrough = 2048;  // candidates for questions

}  // namespace

BatchMerger::BatchMerger(std::shared_ptr<MergerVocabulary> vocabulary, MergeRun run)
    : run_(std::move(run)),
      tokens_(std::move(vocabulary)),
      lists_(run_.offsets.back() + run_.offsets.size()),
      cells_(run_.offsets.back() + run_.offsets.size()),
      link_(cells_.size()),
      looked_through_(kLeastLookedThrough),
      batches_(run_.per_sequence ? run_.offsets.size() - 1 : 1) {}

bool BatchMerger::advance(const std::function<bool()>& goes_on) {
  if (!started_) {
    if (!fill_cells(goes_on)) return false;
    started_ = true;
    batch_ = static_cast<size_t>(-1);
    if (!next_batch()) return true;
  }
  for (uint32_t work = 0;;) {
    if (!in_phase_ && !find_pairs(goes_on)) return false;
    in_phase_ = true;
    const uint32_t limit = run_.merges[batch_], target = run_.targets[batch_];
    const uint32_t end = free_ ? limit : std::min(limit, run_.free_after);
    PairEntry top;
    while (done_ < end && left_ > target && pop_exact(top)) {
      const Verdict known = verdict(top.pair);
      if (known == Verdict::forbidden) continue;
      if (known == Verdict::unknown) {
        heap_.push(top);
        ask();
        return false;
      }
      const uint32_t merged = replace(top.pair);
      left_ -= merged;
      work += merged;
      ++done_;
      if (work < kTickEvery) continue;
      work = 0;
      if (!goes_on()) return false;
    }
    in_phase_ = false;
    if (!free_ && run_.free_after != kNever && done_ < limit && left_ > target) {
      free_ = true;
    } else if (!next_batch()) {
      return true;
    }
  }
}

bool BatchMerger::fill_cells(const std::function<bool()>& goes_on) {
  for (size_t cell = 0; cell < link_.size(); ++cell) link_[cell] = static_cast<uint32_t>(cell);
  uint32_t cell = 0;
  for (size_t s = 0; s + 1 < run_.offsets.size(); ++s) {
    cells_[cell++] = kWall;
    for (uint32_t i = run_.offsets[s]; i < run_.offsets[s + 1]; ++i) {
      const uint32_t id = run_.values[i];
      cells_[cell++] = tokens_.vocabulary().traits(id) & kFixed ? kWall : id;
    }
    if (!goes_on()) return false;
  }
  cells_[cell] = kWall;
  return true;
}

// False: there is none.
bool BatchMerger::next_batch() {
  if (batch_ != static_cast<size_t>(-1)) merge_offsets_.push_back(static_cast<uint32_t>(merges_.size() / 4));
  if (++batch_ >= batches_) return false;
  const size_t first = batch_, last = run_.per_sequence ? batch_ + 1 : run_.offsets.size() - 1;
  from_ = run_.offsets[first] + static_cast<uint32_t>(first);
  to_ = run_.offsets[last] + static_cast<uint32_t>(last);
  left_ = run_.offsets[last] - run_.offsets[first];
  done_ = 0;
  free_ = run_.free_after == 0;
  return true;
}

// Lists the batch's pairs anew.
bool BatchMerger::find_pairs(const std::function<bool()>& goes_on) {
  lists_.clear(from_, to_);
  heap_.clear();
  // Pairs on their way into the lists, whose loads are under way.
  struct Found {
    uint32_t left, right, cell;
  };
  Found found[kAhead];
  uint32_t taken = 0, added = 0, ticked = from_;
  const auto add_next = [&] {
    const Found& next = found[added++ % kAhead];
    lists_.count(next.left, next.right, next.cell);
  };
  Traits left_traits = kFixed;
  for (uint32_t left = kWall, cell = from_, next; cell < to_; cell = next) {
    next = link_[cell] + 1;
    left = cells_[cell];
    const uint32_t right = cells_[next];
    const Traits right_traits = right == kWall ? kFixed : tokens_.traits(right);
    if (!((left_traits | right_traits) & kFixed) && (free_ || !is_barred(left_traits, right_traits))) {
      if (taken - added == kAhead) add_next();
      found[taken++ % kAhead] = {left, right, cell};
      lists_.prefetch_slot(left, right);
      if (taken - added > kAhead / 2) {
        const Found& middle = found[(taken - kAhead / 2) % kAhead];
        lists_.prefetch_pair(middle.left, middle.right);
      }
    }
    left_traits = right_traits;
    if (cell - ticked < kTickEvery) continue;
    ticked = cell;
    if (!goes_on()) return false;
  }
  while (added != taken) add_next();
  for (uint32_t pair = 0; pair < lists_.size(); ++pair) {
    if (lists_[pair].count >= run_.least_count) heap_.append({lists_[pair].count, lists_[pair].first, pair});
  }
  heap_.settle();
  return true;
}

// The pair that is first as things are; its entry is taken out.
bool BatchMerger::pop_exact(PairEntry& top) {
  while (heap_.pop(top)) {
    const Pair& pair = lists_[top.pair];
    if (pair.count < run_.least_count || (pair.state & kForbidden)) continue;
    if (top.count == pair.count && top.first == lists_.settle_first(top.pair)) return true;
    heap_.push({pair.count, pair.first, top.pair});
  }
  return false;
}

BatchMerger::Verdict BatchMerger::verdict(uint32_t number) {
  Pair& pair = lists_[number];
  if (free_ || (pair.state & kAllowed)) return Verdict::allowed;
  if (pair.state & kForbidden) return Verdict::forbidden;
  const auto known = tokens_.vocabulary().verdict(tokens_.text_of_pair(pair.left, pair.right), tokens_.text_size(pair.left));
  if (!known) return Verdict::unknown;
  pair.state |= *known ? kAllowed : kForbidden;
  return *known ? Verdict::allowed : Verdict::forbidden;
}

// Collects the pairs that come next, in order of counts alone, and whose verdicts are not known: coming back costs as much as some hundred looks ahead, and looking further is worth
// it while much of what is seen is not known.
void BatchMerger::ask() {
  questions_ = {};
  asked_.clear();
  std::vector<PairEntry> seen;
  size_t looked = 0;
  for (PairEntry top; looked < looked_through_ && heap_.pop(top);) {
    Pair& pair = lists_[top.pair];
    if (pair.count < run_.least_count || (pair.state & kForbidden)) continue;
    if (top.count != pair.count) {
      heap_.push({pair.count, pair.first, top.pair});
      continue;
    }
    ++looked;
    const Verdict known = verdict(top.pair);
    if (known == Verdict::forbidden) continue;
    seen.push_back(top);
    if ((pair.state & kAsked) || known == Verdict::allowed) continue;
    pair.state |= kAsked;
    asked_.push_back(top.pair);
    questions_.bytes += tokens_.text_of_pair(pair.left, pair.right);
    questions_.offsets.push_back(static_cast<uint32_t>(questions_.bytes.size()));
    questions_.splits.push_back(static_cast<uint32_t>(tokens_.text_size(pair.left)));
  }
  for (const PairEntry& entry : seen) heap_.push(entry);
  if (4 * asked_.size() >= looked) looked_through_ = std::min(2 * looked_through_, kMostLookedThrough);
  else if (16 * asked_.size() < looked) looked_through_ = std::max(looked_through_ / 2, kLeastLookedThrough);
}

void BatchMerger::answer(const uint8_t* verdicts) {
  for (size_t i = 0; i < asked_.size(); ++i) {
    Pair& pair = lists_[asked_[i]];
    pair.state &= ~kAsked;
    pair.state |= verdicts[i] ? kAllowed : kForbidden;
    const uint32_t from = questions_.offsets[i];
    tokens_.vocabulary().remember(questions_.bytes.substr(from, questions_.offsets[i + 1] - from), questions_.splits[i], verdicts[i] != 0);
  }
  questions_ = {};
  asked_.clear();
}

// Makes each occurrence of a pair one token; their number.
uint32_t BatchMerger::replace(uint32_t number) {
  const uint32_t left = lists_[number].left, right = lists_[number].right;
  const uint32_t product = tokens_.join(left, right);
  uint32_t occurrences = 0;
  lists_.take_all(number, hits_);
  for (size_t i = 0; i < hits_.size(); ++i) {
    const uint32_t cell = hits_[i], coming = hits_[std::min(i + kHitsAhead, hits_.size() - 1)];
    __builtin_prefetch(&cells_[coming]);
    __builtin_prefetch(&link_[coming]);
    lists_.prefetch_cell(coming);
    if (cells_[cell] != left) continue;  // of overlapping occurrences the one to the left was first
    ++occurrences;
    const uint32_t middle = link_[cell] + 1, last = link_[middle], before = link_[cell - 1];
    lists_.remove(before);
    lists_.remove(middle);
    cells_[middle] = kWall;
    cells_[cell] = product;
    link_[cell] = last;
    link_[last] = cell;
    add_pair(before, cells_[before], product);
    add_pair(cell, product, cells_[last + 1]);
  }
  for (const uint32_t changed : changed_) {
    Pair& pair = lists_[changed];
    pair.state &= ~kChanged;
    if (pair.count >= run_.least_count) heap_.push({pair.count, pair.first, changed});
  }
  changed_.clear();
  merges_.insert(merges_.end(), {left, right, product, occurrences});
  return occurrences;
}

void BatchMerger::add_pair(uint32_t cell, uint32_t left, uint32_t right) {
  if (!may_meet(left, right)) return;
  const uint32_t number = lists_.add(left, right, cell);
  Pair& pair = lists_[number];
  if (pair.state & kChanged) return;
  pair.state |= kChanged;
  changed_.push_back(number);
}

size_t BatchMerger::token_count() const {
  size_t count = run_.offsets.back();
  for (size_t i = 3; i < merges_.size(); i += 4) count -= merges_[i];
  return count;
}

void BatchMerger::write_tokens(uint32_t* values, uint32_t* offsets, uint32_t* starts) const {
  uint32_t count = 0;
  offsets[0] = 0;
  for (size_t s = 0; s + 1 < run_.offsets.size(); ++s) {
    const uint32_t shift = static_cast<uint32_t>(s) + 1;
    for (uint32_t cell = run_.offsets[s] + shift; cell < run_.offsets[s + 1] + shift; cell = link_[cell] + 1) {
      values[count] = cells_[cell] == kWall ? run_.values[cell - shift] : cells_[cell];
      starts[count++] = cell - shift;
    }
    offsets[s + 1] = count;
  }
  starts[count] = run_.offsets.back();
}

}  // namespace merganser::dynamic
