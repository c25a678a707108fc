#include "merganser/dynamic/pair_lists.hpp"

#include <algorithm>
#include <bit>
#include <functional>

namespace merganser::dynamic {
namespace {

// Text has a different pair for ten to forty tokens: tables of such sizes hardly grow.
constexpr size_t kFewestSlots = size_t{1} << 12, kCellsPerSlot = 8;
constexpr size_t kFirstLists = 4096, kMoreLists = 8;  // so many pairs at first, and so many times more whenever that was not enough
constexpr uint32_t kAhead = 32;                       // cells whose pairs are being loaded

template <typename T>
void enlarge(std::unique_ptr<parallel::HugeArray<T>>& array, size_t size) {
  auto larger = std::make_unique<parallel::HugeArray<T>>(size);
  std::copy_n(array->data(), array->size(), larger->data());
  array = std::move(larger);
}

}  // namespace

PairLists::PairLists(size_t cells)
    : mask_(std::bit_floor(std::max(kFewestSlots, cells / kCellsPerSlot)) - 1),
      slots_(std::make_unique<Slots>(mask_ + 1)),
      pairs_(std::make_unique<parallel::HugeArray<Pair>>(slots_->size() / 2)),
      pair_at_(cells),
      listed_(std::make_unique<parallel::HugeArray<uint32_t>>(slots_->size())) {}

void PairLists::clear(size_t from, size_t to) {
  from_ = from;
  to_ = to;
  listed_end_ = 0;
  next_lists_ = kFirstLists;
  if (count_ == 0) return;
  std::fill(pair_at_.data() + from, pair_at_.data() + to, 0);
  if (size_t{count_} * 8 < slots_->size()) {
    for (uint32_t number = 0; number < count_; ++number) free_run((*pairs_)[number]);
  } else {
    std::fill_n(slots_->data(), slots_->size(), Slot{});
  }
  count_ = 0;
}

// What stands in one run of slots from the pair's own on. All pairs are going to be freed, so that runs get shorter from their ends only.
void PairLists::free_run(const Pair& pair) {
  for (size_t slot = hash(pair.left, pair.right) & mask_; (*slots_)[slot].pair != 0; slot = (slot + 1) & mask_) (*slots_)[slot].pair = 0;
}

uint32_t PairLists::pair_of(uint32_t left, uint32_t right) {
  const uint64_t hashed = hash(left, right);
  const uint32_t tag = static_cast<uint32_t>(hashed >> 32);
  size_t slot = hashed & mask_;
  for (; (*slots_)[slot].pair != 0; slot = (slot + 1) & mask_) {
    if ((*slots_)[slot].tag != tag) continue;
    const Pair& pair = (*pairs_)[(*slots_)[slot].pair - 1];
    if (pair.left == left && pair.right == right) return (*slots_)[slot].pair - 1;
  }
  if (count_ == pairs_->size()) enlarge(pairs_, 2 * size_t{count_});
  (*pairs_)[count_++] = {left, right, 0, 0, 0, 0, 0, 0};
  (*slots_)[slot] = {tag, size()};
  if (2 * size_t{count_} > slots_->size()) grow_slots();
  return size() - 1;
}

void PairLists::grow_slots() {
  auto larger = std::make_unique<Slots>(2 * slots_->size());
  mask_ = larger->size() - 1;
  for (uint32_t number = 0; number < size(); ++number) {
    const uint64_t hashed = hash((*pairs_)[number].left, (*pairs_)[number].right);
    size_t slot = hashed & mask_;
    while ((*larger)[slot].pair != 0) slot = (slot + 1) & mask_;
    (*larger)[slot] = {static_cast<uint32_t>(hashed >> 32), number + 1};
  }
  slots_ = std::move(larger);
}

void PairLists::count(uint32_t left, uint32_t right, uint32_t cell) {
  const uint32_t number = pair_of(left, right);
  Pair& pair = (*pairs_)[number];
  if (pair.count++ == 0) pair.first = cell;
  pair_at_[cell] = number + 1;
}

uint32_t PairLists::add(uint32_t left, uint32_t right, uint32_t cell) {
  const uint32_t number = pair_of(left, right);
  Pair& pair = (*pairs_)[number];
  pair_at_[cell] = number + 1;
  if (pair.count++ == 0) {
    pair.first = cell;
    pair.size = 0;
    pair.state = (pair.state | kListed) & ~kUnordered;
  }
  pair.first = std::min(pair.first, cell);
  if (pair.state & kListed) append(pair, cell);
  return number;
}

// Where so many entries may go, at the end of all lists.
size_t PairLists::take_room(size_t count) {
  const size_t begin = listed_end_;
  listed_end_ += count;
  if (listed_end_ > listed_->size()) enlarge(listed_, std::max(2 * listed_->size(), listed_end_));
  return begin;
}

void PairLists::append(Pair& pair, uint32_t cell) {
  if (pair.size > 0 && cell < (*listed_)[pair.begin + pair.size - 1]) pair.state |= kUnordered;
  if (pair.size == pair.room) {
    const size_t begin = pair.begin;
    pair.room = std::max(4u, 2 * pair.room);
    pair.begin = take_room(pair.room);
    std::copy_n(listed_->data() + begin, pair.size, listed_->data() + pair.begin);
  }
  (*listed_)[pair.begin + pair.size++] = cell;
}

void PairLists::remove(uint32_t cell) {
  if (pair_at_[cell] == 0) return;
  --(*pairs_)[pair_at_[cell] - 1].count;
  pair_at_[cell] = 0;
}

// Lists the most frequent pairs that have no list, this one among them.
void PairLists::list_with(const Pair& wanted) {
  std::vector<uint32_t> counts;
  for (uint32_t number = 0; number < size(); ++number) {
    const Pair& pair = (*pairs_)[number];
    if (!(pair.state & kListed) && pair.count > 0) counts.push_back(pair.count);
  }
  uint32_t least_count = 1;
  if (counts.size() > next_lists_) {
    std::nth_element(counts.begin(), counts.begin() + next_lists_, counts.end(), std::greater<>());
    least_count = std::min(wanted.count, counts[next_lists_]);
  }
  next_lists_ *= kMoreLists;
  // Where the next occurrence goes, + 1; 0: the pair is not being listed.
  std::vector<size_t> places(size());
  size_t end = listed_end_;
  for (uint32_t number = 0; number < size(); ++number) {
    Pair& pair = (*pairs_)[number];
    if ((pair.state & kListed) || pair.count < least_count) continue;
    pair.state = (pair.state | kListed) & ~kUnordered;
    pair.begin = end;
    pair.size = pair.room = pair.count;
    places[number] = end + 1;
    end += pair.count;
  }
  take_room(end - listed_end_);
  for (size_t cell = from_; cell < to_; ++cell) {
    const uint32_t coming = pair_at_[std::min(cell + kAhead, to_ - 1)];
    __builtin_prefetch(&places[std::max(coming, 1u) - 1]);
    const uint32_t number = pair_at_[cell];
    if (number == 0 || places[number - 1] == 0) continue;
    (*listed_)[places[number - 1]++ - 1] = static_cast<uint32_t>(cell);
  }
}

uint32_t PairLists::settle_first(uint32_t number) {
  if (!((*pairs_)[number].state & kListed)) list_with((*pairs_)[number]);
  Pair& pair = (*pairs_)[number];
  if (pair.state & kUnordered) order(number);
  for (; pair_at_[(*listed_)[pair.begin]] != number + 1; ++pair.begin, --pair.room) --pair.size;
  return pair.first = (*listed_)[pair.begin];
}

// Of an occurrence that was taken away and came again, the list has two entries.
void PairLists::order(uint32_t number) {
  Pair& pair = (*pairs_)[number];
  uint32_t* const begin = listed_->data() + pair.begin;
  uint32_t* end = std::remove_if(begin, begin + pair.size, [&](uint32_t cell) { return pair_at_[cell] != number + 1; });
  std::sort(begin, end);
  end = std::unique(begin, end);
  pair.size = static_cast<uint32_t>(end - begin);
  pair.state &= ~kUnordered;
}

void PairLists::take_all(uint32_t number, std::vector<uint32_t>& cells) {
  settle_first(number);
  Pair& pair = (*pairs_)[number];
  cells.clear();
  for (uint32_t i = 0; i < pair.size; ++i) {
    const uint32_t coming = (*listed_)[pair.begin + std::min(i + kAhead, pair.size - 1)];
    __builtin_prefetch(&pair_at_[coming]);
    const uint32_t cell = (*listed_)[pair.begin + i];
    if (pair_at_[cell] != number + 1) continue;
    cells.push_back(cell);
    pair_at_[cell] = 0;
  }
  pair.count = pair.size = 0;
}

}  // namespace merganser::dynamic
