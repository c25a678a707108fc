// Merges inside of words that are known before supermerges are looked for, in their order. One can make words of the text whole tokens; only from then
// on do these take part in supermerges. (What happens inside of words does not depend on supermerges: a word has to be one token to take part in one.)
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace merganser::training {

class MergeSchedule {
 public:
  struct Merge {
    uint32_t left, right, product;  // by the numbers that tokens had when only words were merged
    bool completes;                 // words that are spelt as the product are one token from here on
  };
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr uint64_t kBeforeAll = UINT64_MAX;

  // `counts`: of the merges, falling; the first `forced` come before any supermerge. Tokens below `start` have the same number in both.
  MergeSchedule(std::vector<Merge> merges, std::vector<uint64_t> counts, size_t forced, uint32_t start);

  // No supermerge of a lower count comes before the next merge; 0 if there is none.
  uint64_t level() const { return next_ == merges_.size() ? 0 : next_ < forced_ ? kBeforeAll : counts_[next_]; }
  bool done() const { return next_ == merges_.size(); }
  const Merge& next() const { return merges_[next_]; }
  uint64_t next_count() const { return counts_[next_]; }
  // The id of a token in the vocabulary that has supermerges too.
  uint32_t id_of(uint32_t number) const { return ids_[number]; }
  // The next merge was made, and gave this id.
  void advance(uint32_t id);

  uint32_t tokens() const { return static_cast<uint32_t>(ids_.size()); }
  // Where tokens stand that words may become: `numbers[i]` at `cells[i]`, rising.
  void list_cells(const std::vector<uint32_t>& numbers, const std::vector<uint32_t>& cells);
  std::span<const uint32_t> cells_of(uint32_t number) const { return {cells_.data() + begins_[number], cells_.data() + begins_[number + 1]}; }

 private:
  std::vector<Merge> merges_;
  std::vector<uint64_t> counts_;
  size_t forced_;
  size_t next_ = 0;
  std::vector<uint32_t> ids_;
  std::vector<size_t> begins_;
  std::vector<uint32_t> cells_;
};

}  // namespace merganser::training
