#include "merganser/bpe/merge_windows.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "merganser/bpe/merge_symbols.hpp"

namespace merganser::bpe {
namespace {

constexpr uint32_t kWindow = LongTurn::kMost;          // symbols of a window
constexpr uint32_t kOverlap = 9;                       // symbols that two neighbours share
constexpr uint32_t kStride = kWindow - kOverlap;
constexpr uint32_t kBatch = 16;                        // windows that merge in turns
constexpr uint32_t kLong = 512;                        // symbols of a window where short ones do not do
constexpr uint32_t kLongest = 8192;
constexpr uint32_t kFewRepairs = 4;                    // of a batch
constexpr uint32_t kMostBarely = 64;                   // batches with more, between two tries of long windows
constexpr uint32_t kKept = 256, kKeptLong = 16;        // windows that are remembered
constexpr uint32_t kKnownPairBits = 11;                // 32 KB

// In four strands, so that multiplications do not wait for each other.
uint64_t hash_symbols(const uint32_t* symbols, uint32_t count) {
  uint64_t strands[4] = {count, 1, 2, 3};
  uint32_t i = 0;
  for (; i + 8 <= count; i += 8) {
    for (uint32_t strand = 0; strand < 4; ++strand) {
      uint64_t pair;
      std::memcpy(&pair, symbols + i + 2 * strand, sizeof pair);
      strands[strand] = std::rotl(strands[strand] ^ pair, 29) * kHashFactor;
    }
  }
  for (; i < count; ++i) strands[i % 4] = std::rotl(strands[i % 4] ^ symbols[i], 29) * kHashFactor;
  uint64_t hash = 0;
  for (const uint64_t strand : strands) hash = std::rotl(hash, 17) * kHashFactor ^ strand;
  return hash * kHashFactor;
}

}  // namespace

MergeWindows::MergeWindows() = default;
MergeWindows::~MergeWindows() = default;

void MergeWindows::Row::clear() {
  ids.clear();
  starts.clear();
  end = 0;
}

void MergeWindows::Row::push(uint32_t id, uint32_t start) {
  ids.push_back(id);
  starts.push_back(start);
}

bool MergeWindows::Kept::holds(const uint32_t* wanted, uint32_t count) const {
  return symbols.size() == count && std::memcmp(symbols.data(), wanted, count * sizeof(uint32_t)) == 0;
}

bool MergeWindows::merge(const MergeView& merges, MergeScratch& scratch) {
  merges_ = &merges;
  symbols_ = scratch.ids.data();
  count_ = static_cast<uint32_t>(scratch.ids.size());
  row_.clear();
  if (!inner_) {
    inner_ = std::make_unique<MergeScratch>();
    kept_.resize(kKept);
    kept_long_.resize(kKeptLong);
    turns_.resize(kBatch);
    known_pairs_.resize(size_t{1} << kKnownPairBits);
  }
  // Where long windows come again, they are the best there is.
  bool again = false;
  for (uint32_t barely = 0, patience = 1; row_.end < count_;) {
    if (scratch.stopped(row_.end, count_)) return true;
    if (!again) {
      const Fit fit = merge_batch();
      if (fit == Fit::well || (fit == Fit::barely && ++barely < patience)) continue;
    }
    if (row_.end == count_) break;
    if (!merge_long_window(again)) return false;
    barely = 0;
    patience = again ? 1 : std::min(2 * patience, kMostBarely);
  }
  write(scratch);
  return true;
}

// The next windows, as far as they fit.
MergeWindows::Fit MergeWindows::merge_batch() {
  uint32_t from[kBatch], pending[kBatch];
  uint32_t windows = 0, turns = 0, repairs = 0;
  uint32_t at = row_.end < kOverlap ? 0 : row_.end - kOverlap;
  find_merges(at, std::min(at + (kBatch - 1) * kStride + kWindow, count_));
  for (const uint32_t first = at;; at += kStride) {
    const uint32_t count = std::min(kWindow, count_ - at);
    const bool known = place(kept_, at, count).holds(symbols_ + at, count);
    pending[windows] = known ? kNone : turns;
    if (!known) begin(turns_[turns++], at, count, pair_merges_.data() + (at - first));
    from[windows++] = at;
    if (windows == kBatch || at + count == count_) break;
  }
  static const auto run = MERGANSER_SELECT(merge_in_long_turns);
  if (turns > 0) run(*merges_, turns_.data(), turns);
  for (uint32_t i = 0; i < windows; ++i) {
    const uint32_t to = from[i] + std::min(kWindow, count_ - from[i]);
    if (pending[i] != kNone) keep(turns_[pending[i]], from[i], to);
    // What was known may have made room for another since.
    if (append(merged(kept_, from[i], to), from[i])) continue;
    if (!repair(from[i], to)) return Fit::no;
    ++repairs;
  }
  return repairs > kFewRepairs ? Fit::barely : Fit::well;
}

// From a token that the window before ended with, or one before that.
bool MergeWindows::repair(uint32_t from, uint32_t to) {
  const uint32_t start = row_.starts[token_before(from < kOverlap ? 0 : from - kOverlap)];
  if (to - start > kShort) return false;
  return append(merged(kept_, start, to), start);
}

bool MergeWindows::merge_long_window(bool& again) {
  for (uint32_t size = kLong; size <= kLongest; size *= 2) {
    const uint32_t back = std::min(size / 4, row_.end);
    const uint32_t start = row_.ids.empty() ? 0 : row_.starts[token_before(row_.end - back)];
    const uint32_t count = std::min(size, count_ - start);
    // The token that it begins with is about as long: little or nothing would be gained, again and again.
    if (start + count < std::min(count_, row_.end + size / 4)) continue;
    again = place(kept_long_, start, count).holds(symbols_ + start, count);
    if (append(merged(kept_long_, start, start + count), start)) return true;
  }
  return false;
}

// What a window adds to the tokens so far. False if both have no token in common where they overlap.
bool MergeWindows::append(const Row& window, uint32_t from) {
  if (from == 0) row_.clear();
  size_t mine = row_.ids.empty() ? 0 : token_before(from), other = 0;
  while (mine < row_.ids.size() && other < window.ids.size()) {
    const uint32_t start = row_.starts[mine], other_start = from + window.starts[other];
    if (start < other_start) {
      ++mine;
    } else if (other_start < start) {
      ++other;
    } else {
      const uint32_t end = mine + 1 < row_.ids.size() ? row_.starts[mine + 1] : row_.end;
      const uint32_t other_end = from + (other + 1 < window.ids.size() ? window.starts[other + 1] : window.end);
      if (end == other_end && row_.ids[mine] == window.ids[other]) break;
      ++mine;
      ++other;
    }
  }
  if (!row_.ids.empty() && (mine == row_.ids.size() || other == window.ids.size())) return false;
  row_.ids.resize(mine);
  row_.starts.resize(mine);
  row_.ids.insert(row_.ids.end(), window.ids.begin() + static_cast<ptrdiff_t>(other), window.ids.end());
  for (; other < window.ids.size(); ++other) row_.starts.push_back(from + window.starts[other]);
  row_.end = from + window.end;
  return true;
}

uint32_t MergeWindows::token_before(uint32_t symbol) const {
  uint32_t token = static_cast<uint32_t>(row_.starts.size()) - 1;
  while (row_.starts[token] > symbol) --token;
  return token;
}

// What a window becomes, from memory or by itself.
const MergeWindows::Row& MergeWindows::merged(std::vector<Kept>& memory, uint32_t from, uint32_t to) {
  Kept& kept = place(memory, from, to - from);
  if (kept.holds(symbols_ + from, to - from)) return kept.row;
  kept.symbols.assign(symbols_ + from, symbols_ + to);
  inner_->ids = kept.symbols;
  inner_->sizes.assign(to - from, 1);
  merge_in_one(*merges_, *inner_);
  kept.row.clear();
  uint32_t start = 0;
  for (size_t i = 0; i < inner_->ids.size(); ++i) {
    kept.row.push(inner_->ids[i], start);
    start += inner_->sizes[i];
  }
  kept.row.end = start;
  return kept.row;
}

// Text of few letters has few pairs. Of others all lines that hold one, perhaps, are asked for before the first is read.
void MergeWindows::find_merges(uint32_t from, uint32_t to) {
  const PairView& pairs = merges_->pairs;
  const uint32_t count = to - from - 1;
  pair_merges_.resize(count + 1);
  unknown_pairs_.clear();
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t key = PairView::key(symbols_[from + i], symbols_[from + i + 1]);
    const KnownPair& known = known_pair(key);
    pair_merges_[i] = known.merge;
    if (known.key == key) continue;
    const bool maybe = pairs.maybe(key);
    if (maybe) pairs.prefetch(key);
    unknown_pairs_.push_back(i << 1 | maybe);
  }
  for (const uint32_t unknown : unknown_pairs_) {
    const uint32_t i = unknown >> 1;
    const uint64_t key = PairView::key(symbols_[from + i], symbols_[from + i + 1]);
    pair_merges_[i] = unknown & 1 ? pairs.find_key(key) : kNone;
    known_pair(key) = {key, pair_merges_[i]};
  }
}

MergeWindows::KnownPair& MergeWindows::known_pair(uint64_t key) { return known_pairs_[key * kHashFactor >> (64 - kKnownPairBits)]; }

void MergeWindows::begin(LongTurn& turn, uint32_t from, uint32_t count, const uint32_t* merges) const {
  turn.begin(count);
  std::copy(symbols_ + from, symbols_ + from + count, turn.ids + 1);
  for (uint32_t i = 1; i < count; ++i) turn.candidates[i] = merges[i - 1] == kNone ? kNone : merges[i - 1] << 6 | i;
}

// What a turn has become.
void MergeWindows::keep(const LongTurn& turn, uint32_t from, uint32_t to) {
  Kept& kept = place(kept_, from, to - from);
  kept.symbols.assign(symbols_ + from, symbols_ + to);
  kept.row.clear();
  kept.row.end = to - from;
  for (uint64_t rest = turn.live & ~uint64_t{1} & ~std::bit_floor(turn.live); rest; rest &= rest - 1) {
    const uint32_t position = static_cast<uint32_t>(std::countr_zero(rest));
    kept.row.push(turn.ids[position], position - 1);
  }
}

MergeWindows::Kept& MergeWindows::place(std::vector<Kept>& memory, uint32_t from, uint32_t count) const {
  return memory[hash_symbols(symbols_ + from, count) >> 32 & (memory.size() - 1)];
}

void MergeWindows::write(MergeScratch& scratch) const {
  std::vector<uint32_t>& sizes = scratch.sizes;
  uint32_t symbol = 0;
  for (size_t i = 0; i < row_.ids.size(); ++i) {
    const uint32_t end = i + 1 < row_.ids.size() ? row_.starts[i + 1] : row_.end;
    uint32_t size = 0;
    for (; symbol < end; ++symbol) size += sizes[symbol];
    sizes[i] = size;
  }
  sizes.resize(row_.ids.size());
  scratch.ids.assign(row_.ids.begin(), row_.ids.end());
}

}  // namespace merganser::bpe
