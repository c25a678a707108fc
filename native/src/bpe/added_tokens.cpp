#include "merganser/bpe/added_tokens.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "merganser/bpe/pair_table.hpp"
#include "merganser/text/utf8.hpp"

namespace merganser::bpe {

AddedTokens::AddedTokens(const std::vector<AddedToken>& tokens, std::vector<uint32_t> word_ranges)
    : tokens_(tokens), word_ranges_(std::move(word_ranges)), token_of_(1, kNone), goes_on_(65536 / 64, 0), two_(65536 / 64, 0) {
  size_t bytes = 0;
  for (const AddedToken& token : tokens_) bytes += token.content.size();
  edge_mask_ = static_cast<uint32_t>(std::bit_ceil(2 * bytes + 2)) - 1;
  edges_.assign(size_t{edge_mask_} + 1, 0);
  for (uint32_t i = 0; i < tokens_.size(); ++i) {
    const Bytes& content = tokens_[i].content;
    if (content.empty()) continue;
    longest_ = std::max(longest_, content.size());
    strip_ |= tokens_[i].lstrip || tokens_[i].rstrip;
    uint32_t node = 0;
    for (const uint8_t byte : content) {
      uint32_t next = child(node, byte);
      if (next == 0) {
        next = static_cast<uint32_t>(token_of_.size());
        token_of_.push_back(kNone);
        const uint64_t key = (static_cast<uint64_t>(node) << 8 | byte) + 1;
        uint32_t slot = static_cast<uint32_t>(key * kHashFactor >> 32) & edge_mask_;
        while (edges_[slot] != 0) slot = (slot + 1) & edge_mask_;
        edges_[slot] = key << 24 | next;
      }
      node = next;
    }
    if (token_of_[node] == kNone) token_of_[node] = i;
    starts_[content[0]] = true;
    start_set_.add(content[0]);
    first_node_[content[0]] = child(0, content[0]);
    if (content.size() > 1) goes_on_[(content[0] | content[1] << 8) >> 6] |= uint64_t{1} << (content[0] & 63);
    for (uint32_t second = 0; second < 256; ++second) {
      if (content.size() > 1 && second != content[1]) continue;
      const uint32_t pair = content[0] | second << 8;
      two_[pair >> 6] |= uint64_t{1} << (pair & 63);
    }
  }
  if (std::count(std::begin(starts_), std::end(starts_), true) == 1) {
    only_start_ = static_cast<int>(std::find(std::begin(starts_), std::end(starts_), true) - std::begin(starts_));
  }
}

uint32_t AddedTokens::child(uint32_t node, uint8_t byte) const {
  const uint64_t key = (static_cast<uint64_t>(node) << 8 | byte) + 1;
  for (uint32_t slot = static_cast<uint32_t>(key * kHashFactor >> 32) & edge_mask_;; slot = (slot + 1) & edge_mask_) {
    const uint64_t edge = edges_[slot];
    if (edge == 0) return 0;
    if (edge >> 24 == key) return static_cast<uint32_t>(edge & 0xFFFFFF);
  }
}

bool AddedTokens::all_are_text(const uint8_t* actions) const {
  return actions && std::all_of(actions, actions + tokens_.size(), [](uint8_t action) { return action == kText; });
}

size_t AddedTokens::next_candidate(const uint8_t* text, size_t size, size_t from) const {
  while (from < size) {
    if (only_start_ >= 0) {
      const void* found = std::memchr(text + from, only_start_, size - from);
      if (!found) return size;
      from = static_cast<size_t>(static_cast<const uint8_t*>(found) - text);
    } else {
      from = text::find_in_set(start_set_, text, from, size);
      if (from == size) return size;
    }
    if (from + 1 == size) return from;
    const uint32_t pair = text[from] | text[from + 1] << 8;
    if (two_[pair >> 6] >> (pair & 63) & 1) return from;
    ++from;
  }
  return size;
}

uint32_t AddedTokens::longest_at(const uint8_t* text, size_t size, const uint8_t* actions) const {
  uint32_t longest = kNone;
  uint32_t node = first_node_[text[0]];
  for (size_t i = 0; node != 0;) {
    const uint32_t token = token_of_[node];
    if (token != kNone && (!actions || actions[token] != kText)) longest = token;
    if (++i == size) break;
    if (i == 1 && !(goes_on_[(text[0] | text[1] << 8) >> 6] >> (text[0] & 63) & 1)) break;
    node = child(node, text[i]);
  }
  return longest;
}

bool AddedTokens::is_word(uint32_t code_point) const {
  const auto after = std::upper_bound(word_ranges_.begin(), word_ranges_.end(), code_point);
  return (after - word_ranges_.begin()) % 2 == 1;
}

bool AddedTokens::stands_alone(const uint8_t* text, size_t size, size_t start, size_t end) const {
  if (start > 0 && is_word(text::decode(text + text::previous_start(text, start)).value)) return false;
  return end == size || !is_word(text::decode(text + end).value);
}

bool AddedTokens::find(const uint8_t* text, size_t size, size_t from, size_t taken, const uint8_t* actions, AddedMatch& match) const {
  for (;;) {
    const size_t start = next_candidate(text, size, from);
    if (start == size) return false;
    const uint32_t number = longest_at(text + start, size - start, actions);
    if (number == kNone) {
      from = start + 1;
      continue;
    }
    const AddedToken& token = tokens_[number];
    const size_t end = start + token.content.size();
    // A token that does not stand alone is passed over whole, as in the reference.
    from = end;
    if (token.single_word && !stands_alone(text, size, start, end)) continue;
    match = {number, start, end, end};
    if (token.lstrip) {
      while (match.start > taken) {
        const size_t before = text::previous_start(text, match.start);
        if (before < taken || !text::is_white_space(text::decode(text + before).value)) break;
        match.start = before;
      }
    }
    if (token.rstrip) {
      while (match.end < size) {
        const text::CodePoint next = text::decode(text + match.end);
        if (!text::is_white_space(next.value)) break;
        match.end += next.size;
      }
    }
    // A match that begins in the white space that the last one took begins behind it.
    if (match.start < taken) match.start = taken;
    if (match.end < taken) match.end = taken;
    return true;
  }
}

bool AddedTokens::touches(const uint8_t* text, size_t size, size_t at, const uint8_t* actions) const {
  for (size_t start = at > longest_ ? at - longest_ : 0; start <= at && start < size; ++start) {
    if (!starts_[text[start]]) continue;
    const uint32_t number = longest_at(text + start, size - start, actions);
    if (number != kNone && start + tokens_[number].content.size() >= at) return true;
  }
  return false;
}

}  // namespace merganser::bpe
