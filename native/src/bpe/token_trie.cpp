#include "merganser/bpe/token_trie.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "merganser/bpe/pair_table.hpp"

namespace merganser::bpe {
namespace {

// A node to be: tokens[begin, end) have the same first `depth` bytes.
struct Range {
  size_t begin, end, depth;
  uint32_t above;  // the longest token that ends on the way there
};

// Nearly all are told apart by their first eight bytes.
void sort_by_text(const ModelSpec& spec, std::vector<uint32_t>& tokens) {
  struct Text {
    uint64_t start;
    uint32_t id;
  };
  std::vector<Text> texts;
  texts.reserve(tokens.size());
  for (const uint32_t id : tokens) {
    uint64_t start = 0;
    for (uint32_t i = 0; i < 8; ++i) start = start << 8 | (i < spec.token_size(id) ? spec.token(id)[i] : 0);
    texts.push_back({start, id});
  }
  std::sort(texts.begin(), texts.end(), [&](const Text& a, const Text& b) {
    if (a.start != b.start) return a.start < b.start;
    return std::lexicographical_compare(spec.token(a.id), spec.token(a.id) + spec.token_size(a.id), spec.token(b.id), spec.token(b.id) + spec.token_size(b.id));
  });
  std::transform(texts.begin(), texts.end(), tokens.begin(), [](const Text& text) { return text.id; });
}

}  // namespace

TokenTrie::TokenTrie(const ModelSpec& spec, std::vector<uint32_t> tokens) : shorter_(spec.vocab_size(), kNone) {
  sort_by_text(spec, tokens);
  std::vector<Range> ranges{{0, tokens.size(), 0, kNone}};
  label_.push_back(0);
  for (size_t node = 0; node < ranges.size(); ++node) {
    auto [begin, end, depth, above] = ranges[node];
    const size_t first_child = ranges.size();
    nodes_.push_back({static_cast<uint32_t>(first_child), kNone});
    if (spec.token_size(tokens[begin]) == depth) {
      nodes_.back().token = tokens[begin];
      shorter_[tokens[begin]] = above;
      above = tokens[begin++];
    }
    size_t most = first_child;
    while (begin < end) {
      const uint8_t byte = spec.token(tokens[begin])[depth];
      size_t next = begin + 1;
      while (next < end && spec.token(tokens[next])[depth] == byte) ++next;
      ranges.push_back({begin, next, depth + 1, above});
      label_.push_back(byte);
      if (next - begin > ranges[most].end - ranges[most].begin) most = ranges.size() - 1;
      begin = next;
    }
    if (most > first_child) {
      std::swap(ranges[first_child], ranges[most]);
      std::swap(label_[first_child], label_[most]);
    }
  }
  nodes_.push_back({static_cast<uint32_t>(ranges.size()), kNone});
  roots_.fill(kNone);
  for (uint32_t node = nodes_[0].first_child; node < nodes_[1].first_child; ++node) roots_[label_[node]] = node;
}

uint32_t TokenTrie::child(uint32_t node, uint8_t byte) const {
  const uint32_t first = nodes_[node].first_child, count = nodes_[node + 1].first_child - first;
  if (count == 0) return kNone;
  if (label_[first] == byte) return first;
  if (count == 1) return kNone;
  const void* const found = std::memchr(label_.data() + first + 1, byte, count - 1);
  return found ? static_cast<uint32_t>(static_cast<const uint8_t*>(found) - label_.data()) : kNone;
}

uint32_t TokenTrie::longest(const uint8_t* text, size_t size) const {
  uint32_t token = kNone, node = roots_[text[0]];
  for (size_t depth = 1; node != kNone; ++depth) {
    if (nodes_[node].token != kNone) token = nodes_[node].token;
    if (depth == size) break;
    node = child(node, text[depth]);
  }
  return token;
}

}  // namespace merganser::bpe
