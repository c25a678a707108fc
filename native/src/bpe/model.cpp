#include "merganser/bpe/model.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <stdexcept>

#include "merganser/text/utf16.hpp"

namespace merganser::bpe {
namespace {

// So many merges of the model for each byte of pieces that are not ASCII: then to merge them has taken about as long as it takes to find out which characters
// they can begin with.
constexpr uint64_t kMergesPerWideByte = 4;
// So many bytes of pieces that are not ASCII take about as long as it takes to find out what their letters merge to.
constexpr uint64_t kWideBytes = 100'000;

size_t character_size(uint8_t lead) { return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4; }

}  // namespace

Model::Model(ModelSpec spec) : spec_(std::move(spec)), index_(spec_), reachable_(spec_.vocab_size()) {
  if (spec_.vocab_size() > kNoSymbol) throw std::length_error("more tokens than 2^21");
  if (spec_.merges.size() / 3 >= (1u << kMergeBits)) throw std::length_error("more merges than 2^22");
  plain_ = spec_.continuing_prefix.empty() && spec_.end_of_word_suffix.empty();
  index_units();
  knows_tokens_ = spec_.ignore_merges || !spec_.has_merges;
  if (spec_.has_merges) {
    list_merges();
  } else {
    derive_merges();
  }
  index_byte_pairs();
  index_ascii_pairs();
}

void Model::index_byte_pairs() {
  if (!complete_ || spec_.char_units) return;
  byte_pairs_.resize(65536);
  for (uint32_t left = 0; left < 256; ++left) {
    for (uint32_t right = 0; right < 256; ++right) byte_pairs_[left << 8 | right] = pairs_->find(byte_ids_[left], byte_ids_[right]);
  }
}

void Model::index_ascii_pairs() {
  if (!complete_ || !spec_.char_units) return;
  ascii_ = std::make_unique<AsciiPairs>();
  for (uint32_t c = 0; c < 128; ++c) ascii_->symbol[c] = character_symbol(c);
  for (uint32_t left = 0; left < 128; ++left) {
    for (uint32_t right = 0; right < 128; ++right) ascii_->merge[left][right] = pairs_->find(ascii_->symbol[left], ascii_->symbol[right]);
  }
}

void Model::index_units() {
  for (int byte = 0; byte < 256; ++byte) byte_ids_[byte] = spec_.byte_ids[byte] < 0 ? kNone : static_cast<uint32_t>(spec_.byte_ids[byte]);
  const auto has_token = [&](uint32_t byte) { return byte_ids_[byte] != kNone; };
  if (!spec_.char_units) {
    complete_ = plain_ && std::all_of(byte_ids_.begin(), byte_ids_.end(), [](uint32_t id) { return id != kNone; });
    return;
  }
  index_characters();
  complete_ = plain_ && spec_.byte_fallback;
  for (uint32_t c = 0; c < 128; ++c) {
    // A character that is a token itself never falls back to its byte: Gemma has no token for the byte of a tab.
    complete_ = complete_ && (character_ids_[c] != kNone || has_token(c));
  }
  for (uint32_t byte = 0x80; byte < 0xF5; ++byte) complete_ = complete_ && (byte == 0xC0 || byte == 0xC1 || has_token(byte));
}

// Of tokens that are spelt alike the first counts, as in the index.
void Model::index_characters() {
  character_ids_.assign(kTableCharacters, kNone);
  for (uint32_t id = 0; id < spec_.vocab_size(); ++id) {
    const uint8_t* const token = spec_.token(id);
    const uint32_t size = spec_.token_size(id);
    if (size == 0 || size > 3 || (token[0] & 0xC0) == 0x80 || character_size(token[0]) != size) continue;
    uint32_t& known = character_ids_[text::decode(token).value];
    if (known == kNone) known = id;
  }
}

void Model::list_merges() {
  const size_t count = spec_.merges.size() / 3;
  if (spec_.has_removals) events_ = std::make_unique<const EventMerger>(spec_);
  merge_count_ = count;
  merges_bytes_ = find_byte_merges();
  numbers_ = MergeNumbers(spec_, plain_ && !events_ && !merges_bytes_);
  pairs_ = std::make_unique<PairTable>(count);
  for (size_t i = 0; i < count; ++i) {
    const uint32_t* const merge = &spec_.merges[3 * i];
    pairs_->set(merge[0], merge[1], numbers_.number(i, merge[2]));
  }
  // The triples are in the tables now.
  spec_.merges.clear();
  spec_.merges.shrink_to_fit();
}

bool Model::find_byte_merges() const {
  std::vector<bool> fallback(spec_.vocab_size(), false);
  if (spec_.unk_id >= 0) fallback[static_cast<uint32_t>(spec_.unk_id)] = true;
  if (spec_.char_units) {
    for (const uint32_t id : byte_ids_) {
      if (id != kNone) fallback[id] = true;
    }
  }
  for (size_t i = 0; i < spec_.merges.size(); i += 3) {
    if (fallback[spec_.merges[i]] || fallback[spec_.merges[i + 1]]) return true;
  }
  return false;
}

std::vector<uint32_t> Model::merged_tokens() const {
  std::vector<bool> merged(spec_.vocab_size(), false);
  pairs_->for_each([&](uint32_t, uint32_t, uint32_t merge) { merged[product(merge)] = true; });
  std::vector<uint32_t> tokens;
  for (uint32_t id = 0; id < merged.size(); ++id) {
    if (merged[id]) tokens.push_back(id);
  }
  return tokens;
}

std::vector<std::vector<uint32_t>> Model::tokens_by_size() const {
  std::vector<std::vector<uint32_t>> by_size(index_.longest() + 1);
  for (uint32_t id = 0; id < spec_.vocab_size(); ++id) by_size[spec_.token_size(id)].push_back(id);
  return by_size;
}

template <typename Use>
void Model::merge_tokens(const uint32_t* tokens, size_t count, size_t size, Use use) const {
  MergeScratch scratch;
  if (!plain_ || events_ || size > Turn::kMost) {
    for (size_t i = 0; i < count; ++i) {
      symbols(spec_.token(tokens[i]), size, scratch);
      merge_symbols(scratch);
      use(tokens[i], scratch.ids.data(), scratch.ids.size());
    }
    return;
  }
  std::vector<Turn> turns(64);
  LongTurn none;  // they are short
  for (size_t first = 0; first < count; first += turns.size()) {
    const size_t group = std::min(turns.size(), count - first);
    for (size_t i = 0; i < group; ++i) begin_turn(spec_.token(tokens[first + i]), size, turns[i], none, scratch);
    merge_turns(turns.data(), static_cast<uint32_t>(group));
    for (size_t i = 0; i < group; ++i) {
      uint32_t ids[Turn::kMost];
      use(tokens[first + i], ids, turns[i].tokens(ids));
    }
  }
}

// Tokens of one size do not wait for each other: what merges within them is shorter.
void Model::derive_merges() {
  merge_count_ = spec_.vocab_size();
  numbers_ = MergeNumbers(spec_.vocab_size());
  pairs_ = std::make_unique<PairTable>(merge_count_);
  const auto by_size = tokens_by_size();
  for (size_t size = 2; size < by_size.size(); ++size) {
    merge_tokens(by_size[size].data(), by_size[size].size(), size, [&](uint32_t id, const uint32_t* ids, size_t count) {
      if (count == 2) pairs_->set(ids[0], ids[1], id);
      reachable_[id].store(count == 2 ? 1 : 2, std::memory_order_relaxed);
    });
    if (size == 2) index_byte_pairs();
  }
}

std::vector<uint32_t> Model::unreachable() const {
  std::vector<uint32_t> found;
  const auto by_size = tokens_by_size();
  for (size_t size = 1; size < by_size.size(); ++size) {
    std::vector<uint32_t> unknown;
    for (const uint32_t id : by_size[size]) {
      const uint8_t known = reachable_[id].load(std::memory_order_relaxed);
      if (known == 0) unknown.push_back(id);
      if (known == 2) found.push_back(id);
    }
    merge_tokens(unknown.data(), unknown.size(), size, [&](uint32_t id, const uint32_t* ids, size_t count) {
      note(id, ids, static_cast<uint32_t>(count));
      if (count != 1 || ids[0] != id) found.push_back(id);
    });
  }
  return found;
}

uint32_t Model::unit_id(const uint8_t* unit, size_t size, bool first, bool last) const {
  const bool prefixed = !first && !spec_.continuing_prefix.empty();
  const bool suffixed = last && !spec_.end_of_word_suffix.empty();
  if (!prefixed && !suffixed) {
    if (!spec_.char_units) return byte_ids_[*unit];
    return character_id(unit, size);
  }
  Bytes text;
  if (prefixed) text = spec_.continuing_prefix;
  text.insert(text.end(), unit, unit + size);
  if (suffixed) text.insert(text.end(), spec_.end_of_word_suffix.begin(), spec_.end_of_word_suffix.end());
  return index_.find(text.data(), text.size());
}

void Model::symbols(const uint8_t* piece, size_t size, MergeScratch& scratch) const {
  auto& ids = scratch.ids;
  auto& sizes = scratch.sizes;
  ids.clear();
  sizes.clear();
  if (!complete_) return symbols_with_unknown(piece, size, scratch);
  if (!spec_.char_units) {
    ids.resize(size);
    for (size_t i = 0; i < size; ++i) ids[i] = byte_ids_[piece[i]];
    sizes.assign(size, 1);
    return;
  }
  size_t heard = MergeScratch::kHeard;
  for (size_t i = 0; i < size;) {
    if (i >= heard && scratch.reading_stopped(i, heard)) return;
    const size_t length = character_size(piece[i]);
    const uint32_t id = character_id(piece + i, length);
    if (id != kNone) {
      ids.push_back(id);
      sizes.push_back(static_cast<uint32_t>(length));
    } else {
      for (size_t k = 0; k < length; ++k) {
        ids.push_back(byte_ids_[piece[i + k]]);
        sizes.push_back(1);
      }
    }
    i += length;
  }
}

// The reference's rules for what is not in the vocabulary, its oddities included: an unknown that waits to be fused is written when the next
// known unit comes (byte tokens do not count as that), and sizes are summed up by the reader, so that units that vanish shift what follows.
void Model::symbols_with_unknown(const uint8_t* piece, size_t size, MergeScratch& scratch) const {
  auto add = [&](uint32_t id, uint32_t length) {
    scratch.ids.push_back(id);
    scratch.sizes.push_back(length);
  };
  uint32_t waiting = 0;  // size of the unknown that waits, 0: none
  const uint32_t unk = static_cast<uint32_t>(spec_.unk_id);
  size_t heard = MergeScratch::kHeard;
  for (size_t i = 0; i < size;) {
    if (i >= heard && scratch.reading_stopped(i, heard)) return;
    const size_t length = spec_.char_units ? character_size(piece[i]) : 1;
    const bool first = i == 0, last = i + length == size;
    const uint32_t id = unit_id(piece + i, length, first, last);
    if (id != kNone) {
      if (waiting) add(unk, waiting);
      waiting = 0;
      add(id, static_cast<uint32_t>(length));
      i += length;
      continue;
    }
    if (spec_.char_units && spec_.byte_fallback) {
      Bytes text;
      if (!first) text = spec_.continuing_prefix;
      text.insert(text.end(), piece + i, piece + i + length);
      if (last) text.insert(text.end(), spec_.end_of_word_suffix.begin(), spec_.end_of_word_suffix.end());
      if (std::all_of(text.begin(), text.end(), [&](uint8_t byte) { return byte_ids_[byte] != kNone; })) {
        for (const uint8_t byte : text) add(byte_ids_[byte], 1);
        i += length;
        continue;
      }
    }
    if (spec_.unk_id >= 0) {
      if (waiting && !spec_.fuse_unk) {
        add(unk, waiting);
        waiting = 0;
      }
      waiting += static_cast<uint32_t>(length);
    }
    i += length;
  }
  if (waiting) add(unk, waiting);
}

void Model::merge_piece(const uint8_t* piece, size_t size, MergeScratch& scratch) const {
  symbols(piece, size, scratch);
  scratch.bytes = size;
  merge_symbols(scratch);
}

void Model::merge_symbols(MergeScratch& scratch) const {
  if (events_) return events_->merge(scratch);
  bpe::merge_symbols(view(), scratch);
}

void Model::merge(const uint8_t* piece, size_t size, std::vector<uint32_t>& out, MergeScratch& scratch) const {
  merge_piece(piece, size, scratch);
  out.insert(out.end(), scratch.ids.begin(), scratch.ids.end());
}

uint32_t Model::find_token(const uint8_t* piece, size_t size, uint64_t hash, bool& whole) const {
  const uint32_t token = index_.find(piece, size, hash);
  whole = token != kNone && (ignores_merges(token) || reachable_[token].load(std::memory_order_relaxed) == 1);
  return token;
}

void Model::note(uint32_t token, const uint32_t* ids, uint32_t count) const {
  // Without ids it was stopped.
  if (token != kNone && count > 0) reachable_[token].store(count == 1 && ids[0] == token ? 1 : 2, std::memory_order_relaxed);
}

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

void Model::encode(const uint8_t* piece, size_t size, std::vector<uint32_t>& out, MergeScratch& scratch) const {
  bool whole;
  const uint32_t token = find_token(piece, size, index_.prefetch(piece, size), whole);
  if (whole) {
    out.push_back(token);
    return;
  }
  const size_t before = out.size();
  merge(piece, size, out, scratch);
  note(token, out.data() + before, static_cast<uint32_t>(out.size() - before));
}

void Model::encode_with_sizes(const uint8_t* piece, size_t size, std::vector<uint32_t>& ids, std::vector<uint32_t>& sizes,
                              MergeScratch& scratch) const {
  if (size == 0) return;
  if (spec_.ignore_merges) {
    const uint32_t id = index_.find(piece, size);
    if (id != kNone && ignores_merges(id)) {
      ids.push_back(id);
      sizes.push_back(static_cast<uint32_t>(size));
      return;
    }
  }
  merge_piece(piece, size, scratch);
  ids.insert(ids.end(), scratch.ids.begin(), scratch.ids.end());
  sizes.insert(sizes.end(), scratch.sizes.begin(), scratch.sizes.end());
}

}  // namespace merganser::bpe
