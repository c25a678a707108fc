#include "merganser/training/word_cells.hpp"

#include <algorithm>
#include <stdexcept>

#include "merganser/text/utf8.hpp"

namespace merganser::training {
namespace {

constexpr uint64_t kSmallCounts = 65536;
constexpr size_t kPrefetchAhead = 16;

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

uint32_t first_bytes(WordView word) { return static_cast<uint32_t>(word.bytes[0] << 8 | (word.size > 1 ? word.bytes[1] : 0)); }

// Slots of the words of two bytes and more, by falling count, then by their first bytes: two counting sorts, as most counts are small.
std::vector<uint32_t> order_of(const WordTable& words) {
  std::vector<uint32_t> by_front(words.size()), from(65537);
  const auto counts = [&](size_t slot) { return words.count_at(slot) != 0 && words.word_at(slot).size > 1; };
  for (size_t slot = 0; slot < words.slots(); ++slot) {
    if (counts(slot)) ++from[first_bytes(words.word_at(slot)) + 1];
  }
  for (size_t front = 0; front < 65536; ++front) from[front + 1] += from[front];
  by_front.resize(from[65536]);
  for (size_t slot = 0; slot < words.slots(); ++slot) {
    if (counts(slot)) by_front[from[first_bytes(words.word_at(slot))]++] = static_cast<uint32_t>(slot);
  }

  // Place 0 is that of all large counts, place p that of kSmallCounts − p.
  std::vector<uint32_t> order(by_front.size()), ends(kSmallCounts + 1);
  const auto place_of = [&](uint32_t slot) { return kSmallCounts - std::min(words.count_at(slot), kSmallCounts); };
  for (const uint32_t slot : by_front) ++ends[place_of(slot) + 1];
  const size_t large = ends[1];
  for (size_t place = 0; place < kSmallCounts; ++place) ends[place + 1] += ends[place];
  for (const uint32_t slot : by_front) order[ends[place_of(slot)]++] = slot;
  std::stable_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(large),
                   [&](uint32_t a, uint32_t b) { return words.count_at(a) > words.count_at(b); });
  return order;
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
  const std::vector<uint32_t> order = order_of(words);
  size_t most = kBlock;  // cells: of words, walls behind them, and what is left empty where the count changes
  uint64_t last_count = 0;
  for (const uint32_t slot : order) {
    const uint64_t count = words.count_at(slot);
    most += symbols.kind.most_symbols(words.word_at(slot).size) + 1 + (count != last_count ? kBlock + 1 : 0);
    last_count = count;
  }
  if (most >= kMostCells) throw std::length_error("more than 2^32 symbols in different words");
  cells_ = std::make_unique<parallel::HugeArray<Id>>(most + kBlock);
  block_counts_.resize(most / kBlock + 2);
  Id* const cells = cells_->data();

  last_count = 0;
  size_t at = 0;
  cells[at++] = wall_;
  for (size_t i = 0; i < order.size(); ++i) {
    if (i + kPrefetchAhead < order.size()) words.prefetch(order[i + kPrefetchAhead]);
    const uint64_t count = words.count_at(order[i]);
    if (count != last_count) {
      while (at % kBlock != 0) cells[at++] = wall_;
      cells[at++] = wall_;
      last_count = count;
    }
    const uint32_t written = write_symbols(words.word_at(order[i]), symbols, at);
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

template class WordCells<uint16_t>;
template class WordCells<uint32_t>;

}  // namespace merganser::training
