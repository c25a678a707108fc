// The longest of a million tokens that a text begins with: a double array (Aoe: An Efficient Digital Search Algorithm by Using a Double-Array Structure, 1989)
// over the tokens' bytes.
//
// - The child of node n by byte b is node base[n] + b, if that one names n as its parent: a byte costs one look into memory.
// - Where only one token is left, its other bytes are compared in one go. Most of a million tokens end so, which leaves a fraction of the nodes.
// - Building places each node's children at the first base where all their places are free; a bitmap of free places tells that for 64 bases at once.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace merganser::dynamic {

class PrefixTrie {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Match {
    uint32_t token;  // kNone: no token stands here
    size_t size;
  };

  // Token i is bytes[offsets[i], offsets[i + 1]). Empty ones are left out; of equal ones the lowest counts.
  PrefixTrie(std::vector<uint8_t> bytes, std::vector<uint32_t> offsets);
  // Until it is done there are no tokens. `goes_on` is called now and then; where it returns false the trie stays as it is, and must not be used.
  void build(const std::function<bool()>& goes_on);

  Match longest(const uint8_t* text, size_t size) const;
  size_t bytes() const { return nodes_.size() * sizeof(Node) + tails_.size(); }

 private:
  // 16 bytes would be read no faster: neighbours are seldom needed together.
  struct Node {
    uint32_t parent = kNone;  // kNone: free, or the root
    uint32_t base = 0;        // of a leaf: kLeaf, and where its tail begins
    uint32_t token = kNone;   // that ends here
  };
  static constexpr uint32_t kLeaf = uint32_t{1} << 31;
  // A node to be: tokens[begin, end) have the same first `depth` bytes.
  struct Range {
    uint32_t node, begin, end, depth;
  };

  uint32_t token_size(uint32_t token) const { return offsets_[token + 1] - offsets_[token]; }
  uint32_t drop_ended(Range& range);
  void make_leaf(const Range& range);
  void sort_by_byte(const Range& range);
  uint32_t find_base();
  bool is_free(size_t place) const { return free_[place / 64] >> (place % 64) & 1; }
  uint64_t free_from(size_t place) const;
  void take(uint32_t place);
  void grow();

  std::vector<Node> nodes_;     // with 256 free ones behind the last
  std::vector<uint8_t> tails_;  // each with its size before it, four bytes
  // While it is built.
  std::vector<uint8_t> bytes_;
  std::vector<uint32_t> offsets_;
  std::vector<uint32_t> tokens_, sorted_;
  std::vector<uint64_t> free_;
  std::vector<uint8_t> labels_;         // the bytes that lead on from the node at hand
  std::vector<uint32_t> label_counts_;  // and how many tokens have each
  size_t first_free_ = 1;               // before it no place is free
  size_t search_from_[4] = {};          // where bases are looked for, by the number of labels
};

}  // namespace merganser::dynamic
