#include "merganser/dynamic/prefix_trie.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace merganser::dynamic {
namespace {

constexpr uint32_t kNoTail = 0;  // of tails_: a size of zero stands there
constexpr size_t kBytes = 256;
constexpr uint32_t kFew = 24;           // tokens that are put in order one by one
constexpr uint32_t kTickEvery = 1 << 14;  // nodes
constexpr size_t kPatience = 64;        // words of the bitmap that are searched before the place to begin moves on

}  // namespace

PrefixTrie::PrefixTrie(std::vector<uint8_t> bytes, std::vector<uint32_t> offsets) : bytes_(std::move(bytes)), offsets_(std::move(offsets)) {}

void PrefixTrie::build(const std::function<bool()>& goes_on) {
  for (uint32_t token = 0; token + 1 < offsets_.size(); ++token) {
    if (token_size(token) > 0) tokens_.push_back(token);
  }
  sorted_.resize(tokens_.size());
  tails_.assign(4, 0);
  grow();
  free_[0] &= ~uint64_t{1};
  std::vector<Range> waiting{{0, 0, static_cast<uint32_t>(tokens_.size()), 0}};
  for (uint32_t done = 1; !waiting.empty(); ++done) {
    if (done % kTickEvery == 0 && !goes_on()) return;
    Range range = waiting.back();
    waiting.pop_back();
    if (range.node != 0) nodes_[range.node].token = drop_ended(range);
    if (range.end - range.begin <= 1 && range.node != 0) {
      const bool ends_twice = range.begin < range.end && nodes_[range.node].token != kNone;
      if (!ends_twice) {
        make_leaf(range);
        continue;
      }
    }
    if (range.begin == range.end) continue;
    sort_by_byte(range);
    const uint32_t base = find_base();
    nodes_[range.node].base = base;
    uint32_t begin = range.begin;
    for (size_t i = 0; i < labels_.size(); ++i) {
      const uint32_t child = base + labels_[i];
      take(child);
      nodes_[child].parent = range.node;
      waiting.push_back({child, begin, begin + label_counts_[i], range.depth + 1});
      begin += label_counts_[i];
    }
  }
  // Places behind the last node that a base may still reach.
  size_t used = nodes_.size();
  while (used > 1 && nodes_[used - 1].parent == kNone) --used;
  nodes_.resize(used + kBytes);
  nodes_.shrink_to_fit();
  bytes_ = {};
  offsets_ = {};
  tokens_ = sorted_ = {};
  free_ = {};
}

// Takes the tokens that end at this depth out of the range; the lowest of them.
uint32_t PrefixTrie::drop_ended(Range& range) {
  uint32_t ended = kNone, kept = range.end;
  for (uint32_t i = range.end; i-- > range.begin;) {
    if (token_size(tokens_[i]) == range.depth) {
      ended = tokens_[i];
    } else {
      tokens_[--kept] = tokens_[i];
    }
  }
  range.begin = kept;
  return ended;
}

// The node's own token ends here, or the one that is left does further on.
void PrefixTrie::make_leaf(const Range& range) {
  Node& node = nodes_[range.node];
  node.base = kLeaf | kNoTail;
  if (range.begin == range.end) return;
  node.token = tokens_[range.begin];
  const uint32_t size = token_size(node.token) - range.depth;
  const uint8_t* const tail = bytes_.data() + offsets_[node.token] + range.depth;
  if (tails_.size() >= kLeaf) throw std::length_error("tokens of more than two gigabytes");
  node.base = kLeaf | static_cast<uint32_t>(tails_.size());
  const auto* const size_bytes = reinterpret_cast<const uint8_t*>(&size);
  tails_.insert(tails_.end(), size_bytes, size_bytes + sizeof size);
  tails_.insert(tails_.end(), tail, tail + size);
}

// By the byte at the range's depth, tokens of one byte in the order they had; fills the labels.
void PrefixTrie::sort_by_byte(const Range& range) {
  const auto byte_of = [&](uint32_t token) { return bytes_[offsets_[token] + range.depth]; };
  labels_.clear();
  label_counts_.clear();
  uint32_t* const tokens = tokens_.data();
  if (range.end - range.begin <= kFew) {
    for (uint32_t i = range.begin + 1; i < range.end; ++i) {
      const uint32_t token = tokens[i];
      uint32_t at = i;
      for (; at > range.begin && byte_of(tokens[at - 1]) > byte_of(token); --at) tokens[at] = tokens[at - 1];
      tokens[at] = token;
    }
    for (uint32_t i = range.begin; i < range.end; ++i) {
      const uint8_t byte = byte_of(tokens[i]);
      if (labels_.empty() || labels_.back() != byte) {
        labels_.push_back(byte);
        label_counts_.push_back(0);
      }
      ++label_counts_.back();
    }
    return;
  }
  std::array<uint32_t, kBytes> counts{}, place;
  for (uint32_t i = range.begin; i < range.end; ++i) ++counts[byte_of(tokens[i])];
  uint32_t sum = range.begin;
  for (size_t byte = 0; byte < kBytes; ++byte) {
    place[byte] = sum;
    sum += counts[byte];
    if (counts[byte] == 0) continue;
    labels_.push_back(static_cast<uint8_t>(byte));
    label_counts_.push_back(counts[byte]);
  }
  for (uint32_t i = range.begin; i < range.end; ++i) sorted_[place[byte_of(tokens[i])]++] = tokens[i];
  std::copy(sorted_.begin() + range.begin, sorted_.begin() + range.end, tokens + range.begin);
}

// Bits of the 64 places from `place` on.
uint64_t PrefixTrie::free_from(size_t place) const {
  const size_t word = place / 64, shift = place % 64;
  return shift == 0 ? free_[word] : free_[word] >> shift | free_[word + 1] << (64 - shift);
}

// The first base from which the places of all labels are free.
uint32_t PrefixTrie::find_base() {
  size_t& from = search_from_[std::min<size_t>(std::bit_width(labels_.size()) - 1, 3)];
  from = std::max(from, first_free_ / 64);
  for (size_t word = from, searched = 0;; ++word, ++searched) {
    // Where few places are free the search would go through the same words for every node.
    if (searched == kPatience) from = word;
    while ((word + 1) * 64 + 2 * kBytes >= nodes_.size()) grow();
    uint64_t fits = ~uint64_t{0};
    for (size_t i = 0; i < labels_.size() && fits != 0; ++i) fits &= free_from(word * 64 + labels_[i]);
    if (fits == 0) continue;
    const size_t base = word * 64 + static_cast<size_t>(std::countr_zero(fits));
    if (base + kBytes >= kLeaf) throw std::length_error("tokens of more than two billion nodes");
    return static_cast<uint32_t>(base);
  }
}

void PrefixTrie::take(uint32_t place) {
  free_[place / 64] &= ~(uint64_t{1} << (place % 64));
  while (first_free_ / 64 < free_.size() && free_[first_free_ / 64] == 0) first_free_ = (first_free_ / 64 + 1) * 64;
}

void PrefixTrie::grow() {
  nodes_.resize(std::max<size_t>(4096, 2 * nodes_.size()));
  free_.resize(nodes_.size() / 64, ~uint64_t{0});
}

PrefixTrie::Match PrefixTrie::longest(const uint8_t* text, size_t size) const {
  Match match{kNone, 0};
  uint32_t number = 0;
  const Node* node = nodes_.data();
  for (size_t at = 0; at < size;) {
    const uint32_t next = node->base + text[at++];
    if (nodes_[next].parent != number) break;
    number = next;
    node = &nodes_[next];
    if (node->base & kLeaf) {
      const uint8_t* const tail = tails_.data() + (node->base & ~kLeaf);
      uint32_t tail_size;
      std::memcpy(&tail_size, tail, sizeof tail_size);
      if (tail_size <= size - at && std::memcmp(tail + sizeof tail_size, text + at, tail_size) == 0) match = {node->token, at + tail_size};
      break;
    }
    if (node->token != kNone) match = {node->token, at};
  }
  return match;
}

}  // namespace merganser::dynamic
