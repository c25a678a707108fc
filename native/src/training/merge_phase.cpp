#include "merganser/training/merge_phase.hpp"

#include <algorithm>
#include <functional>
#include <stdexcept>

namespace merganser::training {
namespace {

constexpr uint32_t kAhead = 24;              // cells whose loads are under way
constexpr uint32_t kTickEvery = 1024;        // candidates
constexpr size_t kFew = 12;                  // occurrences
constexpr uint64_t kFloorStep = 8;           // a floor that was too high is lowered by
constexpr uint32_t kGiveBackFrom = 1 << 14;  // cells of a list

void prefetch(const void* address) { __builtin_prefetch(address); }

}  // namespace

template <typename Id>
uint64_t merge_floor(const WordCells<Id>& words, uint32_t vocab_size, uint32_t symbols, uint64_t least_count, uint32_t max_token_length) {
  if (words.deleted_any() || vocab_size <= symbols) return least_count;
  // Words that are too long for a token never become one, but those that are not hold pairs that are allowed.
  const auto can_be_token = [&](uint32_t size) { return size < max_token_length || size == 2; };
  return std::max(least_count, words.count_of_nth(vocab_size - symbols, can_be_token));
}

template <typename Id>
MergePhase<Id>::MergePhase(WordCells<Id>& words, TokenStrings& tokens, const std::vector<uint32_t>& symbol_ids, const MergeLimits& limits, MergeLog& log,
                           TokenRule* rule, MergeSchedule* schedule)
    : words_(words),
      tokens_(tokens),
      limits_(limits),
      log_(log),
      rule_(rule),
      schedule_(schedule),
      floor_(limits.floor),
      guessing_(limits.guesses != 0),
      wall_(words.wall()),
      cells_(words.cells()),
      // At first there are fewer entries than cells, and each occurrence that is merged, of which there are fewer than cells, adds two at most; as does
      // each token of a schedule when it appears.
      cells_of_((schedule ? 5 : 3) * words.size() + 2),
      length_(size_t{wall_} + 1),
      used_left_(length_.size()),
      used_right_(length_.size()),
      before_(length_.size()),
      after_(length_.size()) {
  for (const uint32_t id : symbol_ids) length_[id] = 1;
  const std::vector<uint32_t> made = log_.copy();
  for (size_t i = 0; i < made.size(); i += 3) length_[made[i + 2]] = length_[made[i]] + length_[made[i + 1]];
  if (schedule_) hide_scheduled();
  if (!guessing_) find_all_pairs();
}

template <typename Id>
void MergePhase<Id>::run(const std::function<bool()>& tick) {
  Candidate top;
  for (uint32_t popped = 0; tokens_.size() < limits_.vocab_size; ++popped) {
    if (popped % kTickEvery == 0 && !tick()) return;
    if (listed_ >= compact_at_) compact();
    if (!next_candidate(top)) {
      if (!schedule_ || schedule_->done()) return;
      take_scheduled();
      continue;
    }
    prefetch_coming();
    Pair& pair = pairs_[top.pair];
    if (is_stale(pair)) recount(pair);
    if (pair.count == top.count) {
      merge(top.pair);
    } else if (pair.count >= floor_) {
      queue_.push({pair.count, top.key, top.pair});
    } else {
      pair.size = 0;
    }
  }
}

// False: what the schedule has next comes first, or nothing is left.
template <typename Id>
bool MergePhase<Id>::next_candidate(Candidate& top) {
  const uint64_t level = schedule_ ? schedule_->level() : 0;
  if (level == MergeSchedule::kBeforeAll) return false;
  if (guessing_) find_all_pairs();
  while (!queue_.pop(top, std::max(level, floor_))) {
    const uint64_t lowest = std::max(level, limits_.least_count);
    if (floor_ <= lowest) return false;
    floor_ = std::max(lowest, floor_ / kFloorStep);
    find_all_pairs();
  }
  return true;
}

// Tokens that are not there yet are walls; the schedule knows where they will appear.
template <typename Id>
void MergePhase<Id>::hide_scheduled() {
  std::vector<uint32_t> numbers, places;
  for (size_t at = 0; at < words_.size(); ++at) {
    const uint32_t number = cells_[at];
    if (number == wall_ || schedule_->id_of(number) != MergeSchedule::kNone) continue;
    numbers.push_back(number);
    places.push_back(static_cast<uint32_t>(at));
    cells_[at] = wall_;
  }
  schedule_->list_cells(numbers, places);
}

template <typename Id>
void MergePhase<Id>::take_scheduled() {
  const MergeSchedule::Merge merge = schedule_->next();
  const uint32_t left = schedule_->id_of(merge.left), right = schedule_->id_of(merge.right);
  const TokenStrings::Product product = join(left, right);
  log_.push(left, right, product.id, schedule_->next_count());
  schedule_->advance(product.id);
  // A supermerge that is spelt alike keeps the id; the word takes no part in others then.
  if (merge.completes && length_[product.id] <= 1) appear(merge.product, product.id);
}

// Words become single tokens.
template <typename Id>
void MergePhase<Id>::appear(uint32_t number, uint32_t id) {
  ++merges_;
  length_[id] = 1;
  hits_.clear();
  for (const uint32_t cell : schedule_->cells_of(number)) {
    cells_[cell] = static_cast<Id>(id);
    hits_.push_back({cell, 0, 0});
  }
  gather(id);
  if (store_born(id)) write_lists();
}

// Lists of pairs that were merged or gave up leave gaps, as do cells that a recount dropped: the others move together. They lie in the order of their pairs.
template <typename Id>
void MergePhase<Id>::compact() {
  size_t end = 1;
  for (Pair& pair : pairs_) {
    std::copy_n(&cells_of_[pair.begin], pair.begin == end ? 0 : pair.size, &cells_of_[end]);
    pair.begin = end;
    end += pair.size;
  }
  cells_of_.give_back(end, listed_);
  listed_ = end;
  plan_compaction();
}

template <typename Id>
size_t MergePhase<Id>::add_pair(uint32_t left, uint32_t right, uint64_t count, uint32_t occurrences) {
  const size_t begin = listed_;
  queue_.push({count, key_of(left, right), static_cast<uint32_t>(pairs_.size())});
  pairs_.push_back({count, begin, occurrences, left, right, merges_});
  listed_ += occurrences;
  return begin;
}

// An occurrence goes when its left token becomes a right part, or its right token a left part.
template <typename Id>
bool MergePhase<Id>::is_stale(const Pair& pair) const {
  return pair.counted < std::max(used_right_[pair.left], used_left_[pair.right]);
}

// Keeps the cells where the pair still stands. No branch depends on the data.
template <typename Id>
void MergePhase<Id>::recount(Pair& pair) {
  const uint32_t left = pair.left, right = pair.right, left_length = length_[left], size = pair.size;
  const uint64_t* const block_counts = words_.block_counts();
  uint32_t* const list = &cells_of_[pair.begin];
  uint32_t kept = 0;
  uint64_t count = 0;
  for (uint32_t i = 0; i < size; ++i) {
    prefetch(cells_ + list[std::min(i + kAhead, size - 1)]);
    const uint32_t cell = list[i];
    const uint32_t stands = static_cast<uint32_t>(cells_[cell] == left) & static_cast<uint32_t>(cells_[cell + left_length] == right);
    list[kept] = cell;
    kept += stands;
    count += block_counts[cell / WordCells<Id>::kBlock] & (0 - uint64_t{stands});
  }
  pair.size = kept;
  pair.count = count;
  pair.counted = merges_;
}

template <typename Id>
void MergePhase<Id>::merge(uint32_t number) {
  const Pair pair = pairs_[number];
  const TokenStrings::Product product = join(pair.left, pair.right);
  if (limits_.token_words && !product.fresh) return;
  log_.push(schedule_ ? pair.left | MergeLog::kSupermerge : pair.left, pair.right, product.id, pair.count);
  ++merges_;
  const uint32_t length = length_[pair.left] + length_[pair.right];
  if (length_[product.id] != 0 && length_[product.id] != length) throw std::runtime_error("two tokens of different symbols are spelled alike");
  length_[product.id] = length;
  used_left_[pair.left] = used_right_[pair.right] = merges_;
  pairs_[number].size = 0;
  replace(pair, product.id);
  if (!product.fresh) return find_all_pairs();
  gather(product.id);
  if (store_born(product.id)) write_lists();
}

template <typename Id>
TokenStrings::Product MergePhase<Id>::join(uint32_t left, uint32_t right) {
  const TokenStrings::Product product = tokens_.join(left, right);
  if (product.fresh && rule_) rule_->add_product(left, right);
  return product;
}

// Writes the product over all occurrences, from left to right. Where the parts are the same token an occurrence may have been used by the one before it.
template <typename Id>
void MergePhase<Id>::replace(const Pair& pair, uint32_t product) {
  const uint32_t left_length = length_[pair.left], length = length_[product], size = pair.size;
  const uint32_t inner = length_[pair.right] > 1 ? wall_ : product;
  const bool same = pair.left == pair.right;
  const uint32_t* const list = &cells_of_[pair.begin];
  hits_.resize(size);
  size_t count = 0;
  for (uint32_t i = 0; i < size; ++i) {
    prefetch(cells_ + list[std::min(i + kAhead, size - 1)]);
    const uint32_t cell = list[i];
    if (same && (cells_[cell] != pair.left || cells_[cell + left_length] != pair.right)) continue;
    cells_[cell] = static_cast<Id>(product);
    cells_[cell + left_length] = static_cast<Id>(inner);
    cells_[cell + length - 1] = static_cast<Id>(product);
    hits_[count++].cell = cell;
  }
  hits_.resize(count);
  if (size >= kGiveBackFrom) cells_of_.give_back(pair.begin, pair.begin + size);
}

template <typename Id>
void MergePhase<Id>::gather(uint32_t product) {
  const uint32_t length = length_[product];
  const uint64_t* const block_counts = words_.block_counts();
  before_.begin(hits_.size() <= kFew);
  after_.begin(hits_.size() <= kFew);
  for (Hit& hit : hits_) {
    const uint64_t count = block_counts[hit.cell / WordCells<Id>::kBlock];
    hit.before = before_.add(cells_[hit.cell - 1], count);
    hit.after = after_.add(cells_[hit.cell + length], count);
  }
}

// Makes room for the lists of the pairs that reach the floor. A product beside a product is counted once, as the pair's left part.
template <typename Id>
bool MergePhase<Id>::store_born(uint32_t product) {
  const bool any_before = store(before_, product, true);
  return store(after_, product, false) || any_before;
}

template <typename Id>
bool MergePhase<Id>::store(NeighbourSet& neighbours, uint32_t product, bool before) {
  bool any = false;
  for (NeighbourSet::Neighbour& neighbour : neighbours.all()) {
    const uint32_t id = neighbour.id;
    const uint32_t left = before ? id : product, right = before ? product : id;
    if (id == wall_ || neighbour.count < floor_ || (!before && id == product) || !allowed(left, right)) continue;
    neighbour.next = add_pair(left, right, neighbour.count, neighbour.occurrences);
    any = true;
  }
  return any;
}

// No branches: what is not stored goes to entry 0.
template <typename Id>
void MergePhase<Id>::write_lists() {
  uint32_t* const lists = cells_of_.data();
  NeighbourSet::Neighbour *const befores = before_.all().data(), *const afters = after_.all().data();
  for (const Hit& hit : hits_) {
    NeighbourSet::Neighbour &before = befores[hit.before], &after = afters[hit.after];
    lists[before.next] = hit.cell - length_[before.id];
    before.next += before.next != 0;
    lists[after.next] = hit.cell;
    after.next += after.next != 0;
  }
}

// At low counts a merge touches little, and waits for memory.
template <typename Id>
void MergePhase<Id>::prefetch_coming() const {
  if (const uint32_t* const number = queue_.coming(9)) prefetch(&pairs_[*number]);
  if (const uint32_t* const number = queue_.coming(6)) {
    const Pair& pair = pairs_[*number];
    prefetch(&cells_of_[pair.begin]);
    prefetch(&used_right_[pair.left]);
    prefetch(&used_left_[pair.right]);
  }
  if (const uint32_t* const number = queue_.coming(3)) {
    const Pair& pair = pairs_[*number];
    for (uint32_t i = 0; i < std::min(pair.size, 12u); ++i) {
      prefetch(cells_ + cells_of_[pair.begin + i]);
      prefetch(&words_.block_counts()[cells_of_[pair.begin + i] / WordCells<Id>::kBlock]);
    }
  }
}

template class MergePhase<uint16_t>;
template class MergePhase<uint32_t>;
template uint64_t merge_floor(const WordCells<uint16_t>&, uint32_t, uint32_t, uint64_t, uint32_t);
template uint64_t merge_floor(const WordCells<uint32_t>&, uint32_t, uint32_t, uint64_t, uint32_t);

}  // namespace merganser::training
