// Pieces that merge in turns: their symbols and the first pairs.
#include <algorithm>
#include <bit>

#include "merganser/bpe/model.hpp"
#include "merganser/text/utf16.hpp"

namespace merganser::bpe {
namespace {

// So many merges of the model for each byte of pieces that are not ASCII: then to merge them has taken about as long as it takes to find out which characters
// they can begin with.
constexpr uint64_t kMergesPerWideByte = 4;
// So many bytes of pieces that are not ASCII take about as long as it takes to find out what their letters merge to.
constexpr uint64_t kWideBytes = 20'000;

}  // namespace

const CharacterStarts* Model::character_starts(size_t size) const {
  if (kMergesPerWideByte * (wide_bytes_.fetch_add(size, std::memory_order_relaxed) + size) < merge_count_) return nullptr;
  std::call_once(character_starts_once_, [this] { character_starts_ = std::make_unique<const CharacterStarts>(*this); });
  return character_starts_.get();
}

const LetterPairs* Model::letter_pairs(size_t size) const {
  if (wide_bytes_.fetch_add(size, std::memory_order_relaxed) + size < kWideBytes) return nullptr;
  std::call_once(letter_pairs_once_, [this] { letter_pairs_ = std::make_unique<const LetterPairs>(*this); });
  return letter_pairs_.get();
}

uint32_t Model::begin_turn(const uint8_t* piece, size_t size, Turn& turn, LongTurn& long_turn, MergeScratch& scratch) const {
  // No symbol has more than four bytes.
  if (events_ || size > 4 * LongTurn::kMost) return 0;
  const bool ascii = text::ascii_prefix(piece, size) == size;
  uint32_t count = static_cast<uint32_t>(size);
  const auto begin = [&](auto fill) {
    if (count > LongTurn::kMost) return 0u;
    count <= Turn::kMost ? fill(turn) : fill(long_turn);
    return count;
  };
  if (!byte_pairs_.empty()) {
    uint32_t ids[LongTurn::kMost];
    const CharacterStarts* const starts = ascii ? nullptr : character_starts(size);
    if (const uint32_t symbols = starts ? starts->symbols(piece, size, LongTurn::kMost, ids) : 0) {
      count = symbols;
      return begin([&](auto& any) { begin_symbols(any, ids, count); });
    }
    return begin([&](auto& any) { begin_bytes(any, piece, count); });
  }
  if (ascii_ && ascii) return begin([&](auto& any) { begin_ascii(any, piece, count); });
  if (const LetterPairs* const letters = ascii_ ? letter_pairs(size) : nullptr) {
    uint16_t numbers[LongTurn::kMost];
    if (const uint32_t read = letters->read(piece, size, LongTurn::kMost, numbers)) {
      count = read;
      return begin([&](auto& any) { begin_letters(any, *letters, numbers, count); });
    }
  }
  symbols(piece, size, scratch);
  count = static_cast<uint32_t>(scratch.ids.size());
  return begin([&](auto& any) { begin_symbols(any, scratch.ids.data(), count); });
}

template <typename AnyTurn>
void Model::begin_bytes(AnyTurn& turn, const uint8_t* piece, uint32_t size) const {
  turn.begin(size);
  for (uint32_t i = 0; i < size; ++i) turn.ids[i + 1] = byte_ids_[piece[i]];
  for (uint32_t i = 1; i < size; ++i) {
    const uint32_t merge = byte_pairs_[static_cast<uint32_t>(piece[i - 1]) << 8 | piece[i]];
    turn.candidates[i] = merge == kNone ? kNone : merge << 6 | i;
  }
}

template <typename AnyTurn>
void Model::begin_ascii(AnyTurn& turn, const uint8_t* piece, uint32_t size) const {
  turn.begin(size);
  for (uint32_t i = 0; i < size; ++i) turn.ids[i + 1] = ascii_->symbol[piece[i]];
  for (uint32_t i = 1; i < size; ++i) {
    const uint32_t merge = ascii_->merge[piece[i - 1]][piece[i]];
    turn.candidates[i] = merge == kNone ? kNone : merge << 6 | i;
  }
}

template <typename AnyTurn>
void Model::begin_letters(AnyTurn& turn, const LetterPairs& pairs, const uint16_t* letters, uint32_t count) const {
  turn.begin(count);
  for (uint32_t i = 0; i < count; ++i) turn.ids[i + 1] = pairs.symbol(letters[i]);
  for (uint32_t i = 1; i < count; ++i) {
    const uint32_t merge = pairs.merge(letters[i - 1], letters[i]);
    turn.candidates[i] = merge == kNone ? kNone : merge << 6 | i;
  }
}

// All lines that hold a pair, perhaps, are asked for before the first is read.
template <typename AnyTurn>
void Model::begin_symbols(AnyTurn& turn, const uint32_t* ids, uint32_t count) const {
  turn.begin(count);
  std::copy(ids, ids + count, turn.ids + 1);
  const PairView& pairs = pairs_->view();
  uint32_t places = 0;
  for (uint32_t i = 1; i < count; ++i) {
    const uint64_t key = PairView::key(turn.ids[i], turn.ids[i + 1]);
    const bool maybe = pairs.maybe(key);
    places |= static_cast<uint32_t>(maybe) << i;
    if (maybe) pairs.prefetch(key);
  }
  for (; places; places &= places - 1) {
    const uint32_t i = static_cast<uint32_t>(std::countr_zero(places));
    const uint32_t merge = pairs.find_key(PairView::key(turn.ids[i], turn.ids[i + 1]));
    turn.candidates[i] = merge == kNone ? kNone : merge << 6 | i;
  }
}

void Model::merge_turns(Turn* turns, uint32_t count) const {
  static const auto run = MERGANSER_SELECT(merge_in_turns);
  if (count > 0) run(view(), turns, count);
}

void Model::merge_turns(LongTurn* turns, uint32_t count) const {
  static const auto run = MERGANSER_SELECT(merge_in_long_turns);
  if (count > 0) run(view(), turns, count);
}

}  // namespace merganser::bpe
