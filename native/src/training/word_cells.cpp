#include "merganser/training/word_cells.hpp"

#include <algorithm>
#include <functional>
#include <stdexcept>

#include "merganser/parallel/parallel_for.hpp"
#include "merganser/parallel/thread_pool.hpp"
#include "merganser/text/utf8.hpp"
#include "merganser/training/word_order.hpp"

namespace merganser::training {
namespace {

constexpr size_t kPrefetchAhead = 16;
constexpr size_t kPartCells = size_t{1} << 18, kPartSlots = size_t{1} << 16;  // that are worth a thread

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

// Only with few symbols, which each thread counts for itself, of one byte each, so that it is known where each word's cells begin.
size_t parts_worth(SymbolKind kind, size_t size, size_t size_of_part) {
  return kind.unit == Unit::byte ? std::clamp<size_t>(size / size_of_part, 1, parallel::ThreadPool::shared().size()) : 1;
}

// Symbols of the words in some slots.
void count_symbols(const WordTable& words, SymbolKind kind, size_t begin, size_t end, std::vector<uint64_t>& counts) {
  for (size_t slot = begin; slot < end; ++slot) {
    const uint64_t count = words.count_at(slot);
    if (count != 0) each_symbol(words.word_at(slot), kind, [&](uint32_t symbol) { counts[symbol] += count; });
  }
}

std::span<const WordPlace> part_of(const std::vector<WordPlace>& places, size_t part, size_t parts) {
  const size_t begin = places.size() * part / parts, end = places.size() * (part + 1) / parts;
  return {places.data() + begin, end - begin};
}

}  // namespace

SymbolCounts count_symbols(const WordTable& words, SymbolKind kind) {
  const size_t parts = parts_worth(kind, words.slots(), kPartSlots);
  std::vector<std::vector<uint64_t>> parts_counts(parts, std::vector<uint64_t>(kind.bound()));
  parallel::parallel_for(static_cast<unsigned>(parts), parts, [&](size_t part) {
    count_symbols(words, kind, words.slots() * part / parts, words.slots() * (part + 1) / parts, parts_counts[part]);
  });
  std::vector<uint64_t>& counts = parts_counts[0];
  for (size_t part = 1; part < parts; ++part) std::transform(counts.begin(), counts.end(), parts_counts[part].begin(), counts.begin(), std::plus());
  SymbolCounts found;
  for (size_t symbol = 0; symbol < counts.size(); ++symbol) {
    if (counts[symbol] == 0) continue;
    found.symbols.push_back(static_cast<uint32_t>(symbol));
    found.counts.push_back(counts[symbol]);
  }
  return found;
}

// What the words take, walls and the rest of blocks where the count changes included, in whole blocks.
template <typename Id>
size_t WordCells<Id>::most_cells(std::span<const WordPlace> places, SymbolKind kind) {
  size_t cells = kBlock;
  for (size_t i = 0; i < places.size(); ++i) {
    const bool changes = i == 0 || places[i].is_large() || places[i].place != places[i - 1].place;
    cells += kind.most_symbols(places[i].bytes) + 1 + (changes ? kBlock : 0);
  }
  return cells / kBlock * kBlock;
}

template <typename Id>
WordCells<Id>::WordCells(const WordTable& words, const SymbolIds& symbols, Id wall) : wall_(wall) {
  const std::vector<WordPlace> places = order_of(words);
  // Each part begins with a block of its own.
  const size_t parts = parts_worth(symbols.kind, places.size(), kPartSlots);
  std::vector<size_t> begins{0};
  for (size_t part = 0; part < parts; ++part) {
    const std::span<const WordPlace> own = part_of(places, part, parts);
    begins.push_back(begins.back() + most_cells(own, symbols.kind));
  }
  const size_t most = begins.back();
  if (most >= kMostCells) throw std::length_error("more than 2^32 symbols in different words");
  cells_ = std::make_unique<parallel::HugeArray<Id>>(most + kBlock);
  block_counts_.resize(most / kBlock + 2);
  std::vector<size_t> ends(parts);
  parallel::parallel_for(static_cast<unsigned>(parts), parts, [&](size_t part) { ends[part] = write_words(words, symbols, part_of(places, part, parts), begins[part]); });
  Id* const cells = cells_->data();
  for (size_t part = 0; part + 1 < parts; ++part) std::fill(cells + ends[part], cells + begins[part + 1], wall_);
  size_ = ends.back();
  std::fill(cells + size_, cells + std::min(size_ + kBlock, most + kBlock), wall_);
}

// Words of one count at a time, each behind a wall. Where the cells end.
template <typename Id>
size_t WordCells<Id>::write_words(const WordTable& words, const SymbolIds& symbols, std::span<const WordPlace> places, size_t at) {
  Id* const cells = cells_->data();
  uint64_t last_count = 0;
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
  return at;
}

template <typename Id>
uint32_t WordCells<Id>::write_symbols(WordView word, const SymbolIds& symbols, size_t at) {
  Id* const out = cells_->data() + at;
  uint32_t written = 0, deleted = 0;
  each_symbol(word, symbols.kind, [&](uint32_t symbol) {
    const uint32_t id = symbols.ids[symbol];
    out[written] = static_cast<Id>(id);
    written += id != kNoSymbol;
    deleted += id == kNoSymbol;
  });
  if (deleted != 0) deleted_any_ = true;
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
