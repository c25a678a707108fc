#include "merganser/training/rare_cuts.hpp"

#include <algorithm>
#include <vector>

#include "merganser/parallel/parallel_for.hpp"
#include "merganser/parallel/thread_pool.hpp"
#include "merganser/training/word_cells.hpp"

namespace merganser::training {
namespace {

constexpr size_t kPartSlots = size_t{1} << 12;  // that are worth a thread
constexpr size_t kAhead = 16;

uint32_t token_at(const uint8_t* at) { return uint32_t{at[0]} << 16 | at[1] << 8 | at[2]; }

// Calls visit(part, word, count) for all words, those of a part one after the other.
template <typename Visit>
void each_word(const WordTable& words, size_t parts, Visit visit) {
  parallel::parallel_for(static_cast<unsigned>(parts), parts, [&](size_t part) {
    const size_t end = words.slots() * (part + 1) / parts;
    for (size_t slot = words.slots() * part / parts; slot < end; ++slot) {
      if (slot + kAhead < end) words.prefetch_word(slot + kAhead);
      if (const uint64_t count = words.count_at(slot)) visit(part, words.word_at(slot), count);
    }
  });
}

size_t parts_of(const WordTable& words) { return std::clamp<size_t>(words.slots() / kPartSlots, 1, parallel::ThreadPool::shared().size()); }

}  // namespace

RareCuts::RareCuts(const WordTable& words) : words_(words) {
  std::vector<PairSketch> sketches(parts_of(words));
  each_word(words, sketches.size(), [&](size_t part, WordView word, uint64_t count) {
    uint32_t left = token_at(word.bytes);
    for (uint32_t at = kTokenBytes; at < word.size; at += kTokenBytes) {
      const uint32_t right = token_at(word.bytes + at);
      sketches[part].add(left, right, count);
      left = right;
    }
  });
  sketch_ = std::move(sketches[0]);
  for (size_t part = 1; part < sketches.size(); ++part) sketch_.add(sketches[part]);
}

WordTable RareCuts::cut(uint64_t floor) const {
  std::vector<WordTable> tables(parts_of(words_));
  each_word(words_, tables.size(), [&](size_t part, WordView word, uint64_t count) {
    const auto add = [&](uint32_t from, uint32_t to) {
      if (to - from > kTokenBytes) tables[part].add(word.bytes + from, to - from, count);
    };
    uint32_t from = 0, left = token_at(word.bytes);
    for (uint32_t at = kTokenBytes; at < word.size; at += kTokenBytes) {
      const uint32_t right = token_at(word.bytes + at);
      if (!sketch_.may_reach(left, right, floor)) {
        add(from, at);
        from = at;
      }
      left = right;
    }
    add(from, word.size);
  });
  for (size_t part = 1; part < tables.size(); ++part) tables[0].add_all(tables[part]);
  return std::move(tables[0]);
}

}  // namespace merganser::training
