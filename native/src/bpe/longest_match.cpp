#include "merganser/bpe/longest_match.hpp"

#include <stdexcept>

#include "merganser/bpe/model.hpp"

namespace merganser::bpe {

std::unique_ptr<const LongestMatch> LongestMatch::find(const Model& model) {
  auto trees = MergeTrees::find(model);
  if (!trees || trees->tokens().empty()) return nullptr;
  return std::unique_ptr<const LongestMatch>(new LongestMatch(model, std::move(trees)));
}

LongestMatch::LongestMatch(const Model& model, std::unique_ptr<const MergeTrees> trees)
    : spec_(model.spec()), trees_(std::move(trees)), trie_(spec_, trees_->tokens()) {}

class LongestMatch::Search {
 public:
  Search(const LongestMatch& match, const uint8_t* piece, size_t size, MergeScratch& scratch)
      : match_(match), piece_(piece), size_(size), ids_(scratch.ids), sizes_(scratch.sizes), dead_(scratch.heap), neighbours_(scratch.neighbours),
        choices_(scratch.choices), guessed_(scratch.guessed) {
    ids_.clear();
    guessed_.clear();
    sizes_.clear();
    dead_.assign(size / 64 + 1, 0);
    neighbours_.resize(kNeighbours);
    choices_.resize(kNeighbours);
  }

  void run() {
    while (at_ < size_) {
      const uint32_t longest = match_.trie_.longest(piece_ + at_, size_ - at_);
      if (longest == kNone) {
        push(static_cast<uint32_t>(match_.spec_.byte_ids[piece_[at_]]), 1, kNone);
        continue;
      }
      // What was chosen here last is tried first, because text repeats itself; as there is but one row, the order does not change what is found.
      const MergeScratch::Choice& last = choice(longest);
      if (is_known(last, longest) && fits(last.token)) {
        push(last.token, match_.spec_.token_size(last.token), longest);
      } else {
        choose_from(longest);
      }
    }
  }

 private:
  uint32_t before() const { return ids_.empty() ? kNone : ids_.back(); }
  MergeScratch::Choice& choice(uint32_t longest) { return choices_[PairView::key(before(), longest) * kHashFactor >> (64 - kNeighbourBits)]; }

  bool is_known(const MergeScratch::Choice& choice, uint32_t longest) const { return choice.longest == longest && choice.before == before(); }

  // The first token that fits of this one and those that it begins with; of those at earlier places, where none does.
  void choose_from(uint32_t token) {
    const uint32_t longest = token;
    bool stepped = false;
    while (!fits(token)) {
      token = match_.trie_.shorter(token);
      for (; token == kNone; stepped = true) token = step_back();
    }
    const uint32_t longest_here = stepped ? match_.trie_.longest(piece_ + at_, size_ - at_) : longest;
    MergeScratch::Choice& last = choice(longest_here);
    if (token != longest_here || is_known(last, longest_here)) last = {before(), longest_here, token};
    push(token, match_.spec_.token_size(token), kNone);
  }
  void push(uint32_t token, uint32_t size, uint32_t guessed) {
    ids_.push_back(token);
    guessed_.push_back(guessed);
    sizes_.push_back(size);
    at_ += size;
  }
  // Nothing fits here. The next shorter token for the place before.
  uint32_t step_back() {
    if (ids_.empty()) throw std::logic_error("no row of tokens spells the piece");
    dead_[at_ / 64] |= uint64_t{1} << (at_ % 64);
    at_ -= sizes_.back();
    const uint32_t token = guessed_.back() != kNone ? guessed_.back() : match_.trie_.shorter(ids_.back());
    ids_.pop_back();
    sizes_.pop_back();
    guessed_.pop_back();
    return token;
  }
  bool fits(uint32_t token) {
    const size_t end = at_ + match_.spec_.token_size(token);
    if (dead_[end / 64] >> (end % 64) & 1) return false;
    return ids_.empty() || side_by_side(ids_.back(), token);
  }
  // Of two tokens that were met last at their place in the memory.
  bool side_by_side(uint32_t left, uint32_t right) {
    const uint64_t key = PairView::key(left, right);
    uint64_t& known = neighbours_[key * kHashFactor >> (64 - kNeighbourBits)];
    if (known >> 1 != key) known = key << 1 | static_cast<uint64_t>(match_.trees_->side_by_side(left, right, merging_));
    return known & 1;
  }

  static constexpr uint32_t kNeighbourBits = 13;
  static constexpr size_t kNeighbours = size_t{1} << kNeighbourBits;

  const LongestMatch& match_;
  const uint8_t* piece_;
  size_t size_;
  size_t at_ = 0;
  std::vector<uint32_t>&ids_, &sizes_;
  std::vector<uint64_t>& dead_;        // bits: no row of tokens leads through here
  std::vector<uint64_t>& neighbours_;  // key << 1 | whether they can stand side by side
  std::vector<MergeScratch::Choice>& choices_;
  std::vector<uint32_t>& guessed_;  // for each token: the longest one that could have stood there, where another was tried before it, else kNone
  MergeScratch merging_;
};

void LongestMatch::encode(const uint8_t* piece, size_t size, MergeScratch& scratch) const { Search(*this, piece, size, scratch).run(); }

}  // namespace merganser::bpe
