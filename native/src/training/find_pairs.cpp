// All pairs of the words as they stand: at first, and whenever counts may have risen.
#include <algorithm>
#include <functional>

#include "merganser/parallel/parallel_for.hpp"
#include "merganser/parallel/thread_pool.hpp"
#include "merganser/training/merge_phase.hpp"
#include "merganser/training/symbol_pairs.hpp"

namespace merganser::training {
namespace {

// The first index gets the pairs of all.
void add_up(std::vector<PairIndex>& parts) {
  for (size_t part = 1; part < parts.size(); ++part) {
    for (const PairIndex::Entry& pair : parts[part].all()) {
      PairIndex::Entry& sum = parts[0].at(pair.left, pair.right);
      sum.count += pair.count;
      sum.occurrences += pair.occurrences;
    }
  }
}

// Each part writes to its own stretch of a pair's list. Takes the others' occurrences out of the first index.
void place_lists(std::vector<PairIndex>& parts) {
  for (size_t part = parts.size() - 1; part > 0; --part) {
    for (PairIndex::Entry& pair : parts[part].all()) {
      PairIndex::Entry& sum = parts[0].at(pair.left, pair.right);
      sum.occurrences -= pair.occurrences;
      pair.next = sum.next == 0 ? 0 : sum.next + sum.occurrences;
    }
  }
}

}  // namespace

// Where there are many ids there are many pairs, and most of them rare. The floor too, if it is to be guessed: as if the pairs that are there now were those
// that will be merged.
template <typename Id>
template <typename EachPair>
std::optional<PairSketch> MergePhase<Id>::sketch_pairs(size_t parts, EachPair each_pair) {
  if (!guessing_ && tokens_.size() <= SymbolPairs::kMostIds) return std::nullopt;
  std::vector<PairSketch> sketches(parts);
  parallel::parallel_for(static_cast<unsigned>(parts), parts, [&](size_t part) {
    each_pair(part, [&sketch = sketches[part], this](uint32_t left, uint32_t right, size_t at) { sketch.add(left, right, words_.count_at(at)); });
  });
  for (size_t part = 1; part < parts; ++part) sketches[0].add(sketches[part]);
  if (guessing_) floor_ = std::max(limits_.least_count, sketches[0].nth(limits_.guesses));
  guessing_ = false;
  return std::move(sketches[0]);
}

// Passes over the words: which pairs are rare, numbers and counts of the others, their lists. Several threads take a part each.
template <typename Id>
void MergePhase<Id>::find_all_pairs() {
  pairs_.clear();
  queue_.clear();
  listed_ = 1;
  if (merges_ == 0 && log_.count() == 0 && tokens_.size() <= SymbolPairs::kMostIds && !schedule_ && !guessing_) return find_symbol_pairs();
  const std::vector<size_t> bounds = words_.parts(merges_ == 0 ? parallel::ThreadPool::shared().size() : 1);
  const size_t parts = bounds.size() - 1;
  const auto each_pair = [&](size_t part, auto visit) {
    for (size_t at = bounds[part]; at < bounds[part + 1];) {
      if (cells_[at] == wall_) {
        ++at;
        continue;
      }
      const size_t next = at + length_[cells_[at]];
      if (cells_[next] != wall_) visit(cells_[at], cells_[next], at);
      at = next;
    }
  };
  const std::optional<PairSketch> sketch = sketch_pairs(parts, each_pair);
  const auto is_rare = [&](uint32_t left, uint32_t right) { return sketch && !sketch->may_reach(left, right, floor_); };
  std::vector<PairIndex> found(parts);
  const auto each_part = [&](const std::function<void(size_t)>& body) { parallel::parallel_for(static_cast<unsigned>(parts), parts, body); };
  each_part([&](size_t part) {
    each_pair(part, [&index = found[part], &is_rare, this](uint32_t left, uint32_t right, size_t at) {
      if (is_rare(left, right)) return;
      PairIndex::Entry& pair = index.at(left, right);
      pair.count += words_.count_at(at);
      ++pair.occurrences;
    });
  });
  add_up(found);
  PairIndex& all = found[0];
  for (PairIndex::Entry& pair : all.all()) {
    if (pair.count < floor_ || !allowed(pair.left, pair.right)) continue;
    pair.next = add_pair(pair.left, pair.right, pair.count, pair.occurrences);
  }
  plan_compaction();
  place_lists(found);
  each_part([&](size_t part) {
    each_pair(part, [&index = found[part], &is_rare, this](uint32_t left, uint32_t right, size_t at) {
      if (is_rare(left, right)) return;
      PairIndex::Entry& pair = index.at(left, right);
      if (pair.next != 0) cells_of_[pair.next++] = static_cast<uint32_t>(at);
    });
  });
}

// The same at first, when tokens are single symbols.
template <typename Id>
void MergePhase<Id>::find_symbol_pairs() {
  const std::vector<size_t> bounds = words_.parts(parallel::ThreadPool::shared().size());
  const size_t parts = bounds.size() - 1;
  const uint32_t ids = tokens_.size();
  std::vector<SymbolPairs> found(parts, SymbolPairs(ids));
  const auto each_part = [&](const std::function<void(size_t)>& body) { parallel::parallel_for(static_cast<unsigned>(parts), parts, body); };
  each_part([&](size_t part) { found[part].count(cells_, bounds[part], bounds[part + 1], words_.block_counts(), WordCells<Id>::kBlockBits); });
  for (uint32_t left = 0; left < ids; ++left) {
    for (uint32_t right = 0; right < ids; ++right) {
      uint64_t count = 0;
      uint32_t occurrences = 0;
      for (SymbolPairs& pairs : found) {
        count += pairs.at(left, right).count;
        occurrences += pairs.at(left, right).occurrences;
      }
      if (occurrences == 0 || count < floor_ || !allowed(left, right)) continue;
      uint32_t next = static_cast<uint32_t>(add_pair(left, right, count, occurrences));
      for (SymbolPairs& pairs : found) {
        pairs.at(left, right).next = next;
        next += pairs.at(left, right).occurrences;
      }
    }
  }
  plan_compaction();
  each_part([&](size_t part) { found[part].list(cells_, bounds[part], bounds[part + 1], cells_of_.data(), WordCells<Id>::kBlockBits); });
}

template void MergePhase<uint16_t>::find_all_pairs();
template void MergePhase<uint32_t>::find_all_pairs();

}  // namespace merganser::training
