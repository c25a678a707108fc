#include "merganser/bpe/model.hpp"

#include <algorithm>
#include <stdexcept>

namespace merganser::bpe {

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
    if (size == 0 || size > 3 || (token[0] & 0xC0) == 0x80 || text::sequence_size(token[0]) != size) continue;
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
