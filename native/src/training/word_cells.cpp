#include "merganser/training/word_cells.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "merganser/text/utf8.hpp"

namespace merganser::training {
namespace {

constexpr uint64_t kSmallCounts = UINT16_MAX;
constexpr size_t kPrefetchAhead = 16;
constexpr size_t kPartCells = size_t{1} << 18;  // that are worth a thread

// Calls visit(symbol) for each symbol of a word.
template <typename Visit>
void each_symbol(WordView word, SymbolKind kind, Visit visit) {
  if (kind.unit == Unit::byte) {
    for (uint32_t i = 0; i < word.size; ++i) visit(word.bytes[i]);
    return;
  }
  if (kind.unit == Unit::token) {
    for (uint32_t i = 0; i < word.size; i += kTokenBytes) visit(uint32_t{word.bytes[i]} << 16 | word.bytes[i + 1] << 8 | word.bytes[i + 2]);
    return;
  }
  for (uint32_t i = 0; i < word.size;) {
    const text::CodePoint c = text::decode(word.bytes + i);
    const uint32_t next = i + c.size;
    visit(kind.placed ? 4 * c.value + (i > 0 ? 1 : 0) + (next == word.size ? 2 : 0) : c.value);
    i = next;
  }
}

uint16_t first_bytes(WordView word) { return static_cast<uint16_t>(word.bytes[0] << 8 | (word.size > 1 ? word.bytes[1] : 0)); }

// A word as it is sorted: in the table words lie in the order of nothing, and looking there again costs a miss each time.
struct Place {
  uint32_t slot;
  uint16_t front;  // its first bytes
  uint16_t place;  // 0: that of all large counts; p: that of kSmallCounts − p
};

// Stable; `ends` becomes where each key's places end.
template <typename Key>
void counting_sort(const std::vector<Place>& from, std::vector<Place>& to, std::vector<uint32_t>& ends, Key key) {
  uint32_t sum = 0;
  for (uint32_t& end : ends) sum += std::exchange(end, sum);
  for (const Place& place : from) to[ends[key(place)]++] = place;
}

struct WordOrder {
  std::vector<Place> places;
  size_t different_counts;  // at least so many
};

// The words of two bytes and more, by falling count, then by their first bytes: two counting sorts, as most counts are small.
WordOrder order_of(const WordTable& words) {
  std::vector<uint32_t> fronts(65536), ends(kSmallCounts + 1);
  std::vector<Place> found;
  found.reserve(words.size());
  for (size_t slot = 0; slot < words.slots(); ++slot) {
    const uint64_t count = words.count_at(slot);
    if (count == 0) continue;
    const WordView word = words.word_at(slot);
    if (word.size < 2) continue;
    found.push_back({static_cast<uint32_t>(slot), first_bytes(word), static_cast<uint16_t>(kSmallCounts - std::min(count, kSmallCounts))});
    ++fronts[found.back().front];
    ++ends[found.back().place];
  }
  const size_t large = ends[0];
  const size_t different = large + static_cast<size_t>(std::count_if(ends.begin() + 1, ends.end(), [](uint32_t words) { return words > 0; }));
  std::vector<Place> sorted(found.size());
  counting_sort(found, sorted, fronts, [](const Place& place) { return place.front; });
  counting_sort(sorted, found, ends, [](const Place& place) { return place.place; });
  std::stable_sort(found.begin(), found.begin() + static_cast<ptrdiff_t>(large),
                   [&](const Place& a, const Place& b) { return words.count_at(a.slot) > words.count_at(b.slot); });
  return {std::move(found), different};
}

}  // namespace

SymbolCounts count_symbols(const WordTable& words, SymbolKind kind) {
  std::vector<uint64_t> counts(kind.bound());
  for (size_t slot = 0; slot < words.slots(); ++slot) {
    const uint64_t count = words.count_at(slot);
    if (count != 0) each_symbol(words.word_at(slot), kind, [&](uint32_t symbol) { counts[symbol] += count; });
  }
  SymbolCounts found;
  for (size_t symbol = 0; symbol < counts.size(); ++symbol) {
    if (counts[symbol] == 0) continue;
    found.symbols.push_back(static_cast<uint32_t>(symbol));
    found.counts.push_back(counts[symbol]);
  }
  return found;
}

template <typename Id>
WordCells<Id>::WordCells(const WordTable& words, const SymbolIds& symbols, Id wall) : wall_(wall) {
  const WordOrder order = order_of(words);
  // Cells: of words, walls behind them, and what is left empty where the count changes.
  size_t most = kBlock + order.different_counts * (kBlock + 1);
  for (size_t slot = 0; slot < words.slots(); ++slot) {
    if (words.count_at(slot) != 0) most += symbols.kind.most_symbols(words.word_at(slot).size) + 1;
  }
  if (most >= kMostCells) throw std::length_error("more than 2^32 symbols in different words");
  cells_ = std::make_unique<parallel::HugeArray<Id>>(most + kBlock);
  block_counts_.resize(most / kBlock + 2);
  Id* const cells = cells_->data();

  uint64_t last_count = 0;
  size_t at = 0;
  cells[at++] = wall_;
  const std::vector<Place>& places = order.places;
  for (size_t i = 0; i < places.size(); ++i) {
    if (i + kPrefetchAhead < places.size()) words.prefetch(places[i + kPrefetchAhead].slot);
    const uint64_t count = words.count_at(places[i].slot);
    if (count != last_count) {
      while (at % kBlock != 0) cells[at++] = wall_;
      cells[at++] = wall_;
      last_count = count;
    }
    const uint32_t written = write_symbols(words.word_at(places[i].slot), symbols, at);
    if (written < 2) continue;
    for (size_t block = at / kBlock; block <= (at + written) / kBlock; ++block) block_counts_[block] = count;
    at += written;
    cells[at++] = wall_;
  }
  size_ = at;
  std::fill(cells + at, cells + std::min(at + kBlock, most + kBlock), wall_);
}

template <typename Id>
uint32_t WordCells<Id>::write_symbols(WordView word, const SymbolIds& symbols, size_t at) {
  Id* const out = cells_->data() + at;
  uint32_t written = 0;
  each_symbol(word, symbols.kind, [&](uint32_t symbol) {
    const uint32_t id = symbols.ids[symbol];
    out[written] = static_cast<Id>(id);
    written += id != kNoSymbol;
    deleted_any_ |= id == kNoSymbol;
  });
  return written;
}

template <typename Id>
std::vector<size_t> WordCells<Id>::parts(size_t most) const {
  const size_t count = std::clamp<size_t>(size_ / kPartCells, 1, most);
  const Id* const cells = cells_->data();
  std::vector<size_t> bounds{0};
  for (size_t part = 1; part < count; ++part) {
    size_t at = size_ * part / count;
    while (cells[at] != wall_) ++at;
    bounds.push_back(at);
  }
  bounds.push_back(size_);
  return bounds;
}

template class WordCells<uint16_t>;
template class WordCells<uint32_t>;

}  // namespace merganser::training
