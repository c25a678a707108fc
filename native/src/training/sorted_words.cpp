#include "merganser/training/sorted_words.hpp"

#include <algorithm>
#include <cstring>

namespace merganser::training {
namespace {

constexpr size_t kMostVarint = 10;
constexpr unsigned kCountBits = 53;  // more do not pass through JavaScript

uint64_t front_of(WordView word) {
  uint8_t bytes[8] = {};
  std::memcpy(bytes, word.bytes, std::min<size_t>(word.size, sizeof bytes));
  uint64_t front = 0;
  for (const uint8_t byte : bytes) front = front << 8 | byte;
  return front;
}

int compare(WordView a, WordView b) {
  const int bytes = std::memcmp(a.bytes, b.bytes, std::min(a.size, b.size));
  return bytes != 0 ? bytes : a.size < b.size ? -1 : a.size > b.size;
}

uint8_t* write_varint(uint8_t* out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<uint8_t>(value | 0x80);
  *out++ = static_cast<uint8_t>(value);
  return out;
}

// null: it does not end, or is too large.
const uint8_t* read_varint(const uint8_t* at, const uint8_t* end, uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; at < end && shift < kCountBits; shift += 7) {
    value |= uint64_t{*at & 0x7Fu} << shift;
    if (*at++ < 0x80) return at;
  }
  return nullptr;
}

}  // namespace

SortedWords::SortedWords(std::vector<const WordTable*> tables) {
  for (const WordTable* const table : tables) {
    Run run{table, {}};
    run.places.reserve(table->size());
    for (size_t slot = 0; slot < table->slots(); ++slot) {
      if (table->count_at(slot) != 0) run.places.push_back({front_of(table->word_at(slot)), static_cast<uint32_t>(slot)});
    }
    std::sort(run.places.begin(), run.places.end(), [&](const Place& x, const Place& y) { return before(run, x, run, y); });
    runs_.push_back(std::move(run));
  }
}

bool SortedWords::before(const Run& a, const Place& x, const Run& b, const Place& y) {
  if (x.front != y.front) return x.front < y.front;
  return compare(a.table->word_at(x.slot), b.table->word_at(y.slot)) < 0;
}

SortedWords::Written SortedWords::write(uint8_t* out, size_t size, uint32_t most) {
  Written written{0, 0, 0};
  uint8_t* at = out;
  for (; written.words < most; ++written.words) {
    const Run* least = nullptr;
    for (const Run& run : runs_) {
      if (run.next < run.places.size() && (!least || before(run, run.places[run.next], *least, least->places[least->next]))) least = &run;
    }
    if (!least) break;
    const WordView word = least->table->word_at(least->places[least->next].slot);
    const size_t needed = word.size + 2 * kMostVarint;
    if (needed > size - static_cast<size_t>(at - out)) {
      if (written.words == 0) written.bytes = needed;
      break;
    }
    uint64_t count = 0;
    for (Run& run : runs_) {
      if (run.next == run.places.size()) continue;
      const uint32_t slot = run.places[run.next].slot;
      if (compare(run.table->word_at(slot), word) != 0) continue;
      count += run.table->count_at(slot);
      ++run.next;
    }
    at = write_varint(at, word.size);
    std::memcpy(at, word.bytes, word.size);
    at = write_varint(at + word.size, count);
    written.total += count;
  }
  if (written.words > 0) written.bytes = static_cast<size_t>(at - out);
  return written;
}

bool add_written(WordTable& table, const uint8_t* bytes, size_t size, uint32_t words) {
  const uint8_t *at = bytes, *const end = bytes + size;
  for (uint32_t i = 0; i < words; ++i) {
    uint64_t length, count;
    at = read_varint(at, end, length);
    if (!at || length == 0 || length > static_cast<size_t>(end - at)) return false;
    const uint8_t* const word = at;
    at = read_varint(at + length, end, count);
    if (!at || count == 0) return false;
    table.add(word, static_cast<uint32_t>(length), count);
  }
  return at == end;
}

}  // namespace merganser::training
