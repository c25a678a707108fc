// Merging the tokens of a batch: what recounting all pairs before every merge would choose, at a cost that grows with the occurrences merged.
//
// - Marks alone forbid most pairs of real text: a word's last token and the next word's first. These are never counted.
// - What is counted once is kept up to date: each pair has a list of its occurrences (pair_lists.hpp), from which a merge takes away and to which it
//   adds two at most for each occurrence.
// - A heap holds upper bounds of counts, and lower bounds of first occurrences. Its top is compared with the pair, and goes back if it is out of date.
// - Whether a pair may be merged is asked for when the pair comes to the top, and for those behind it in the same go: the verdict is pre-tokenization's, and
//   most pairs never come up. Verdicts are remembered by text, over batches.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "merganser/dynamic/batch_tokens.hpp"
#include "merganser/dynamic/pair_heap.hpp"
#include "merganser/dynamic/pair_lists.hpp"

namespace merganser::dynamic {

// Mirrors TokenMergeRun of lib/backend/dynamic-kernels.ts, where every field is documented.
struct MergeRun {
  const uint32_t* values = nullptr;
  std::vector<uint32_t> offsets;
  bool per_sequence = false;
  std::vector<uint32_t> merges, targets;
  uint32_t least_count = 1;
  uint32_t free_after = UINT32_MAX;
};

struct PairQuestions {
  std::string bytes;
  std::vector<uint32_t> offsets{0};
  std::vector<uint32_t> splits;
};

class BatchMerger {
 public:
  BatchMerger(std::shared_ptr<MergerVocabulary> vocabulary, MergeRun run);

  // Goes on until it is done or has questions, or until `goes_on`, which is called now and then, returns false. True: it is done.
  bool advance(const std::function<bool()>& goes_on);
  const PairQuestions& questions() const { return questions_; }
  // One verdict for each question.
  void answer(const uint8_t* verdicts);

  // When it is done.
  const BatchTokens& tokens() const { return tokens_; }
  const std::vector<uint32_t>& merges() const { return merges_; }
  const std::vector<uint32_t>& merge_offsets() const { return merge_offsets_; }
  size_t token_count() const;
  void write_tokens(uint32_t* values, uint32_t* offsets, uint32_t* starts) const;

 private:
  static constexpr uint32_t kWall = UINT32_MAX;
  enum class Verdict : uint8_t { allowed, forbidden, unknown };

  bool fill_cells(const std::function<bool()>& goes_on);
  bool next_batch();
  bool find_pairs(const std::function<bool()>& goes_on);
  bool may_meet(uint32_t left, uint32_t right) const {
    if (left == kWall || right == kWall) return false;
    return free_ || !is_barred(tokens_.traits(left), tokens_.traits(right));
  }
  bool pop_exact(PairEntry& top);
  Verdict verdict(uint32_t pair);
  void ask();
  uint32_t replace(uint32_t pair);
  void add_pair(uint32_t cell, uint32_t left, uint32_t right);

  const MergeRun run_;
  BatchTokens tokens_;
  PairHeap heap_;
  PairLists lists_;
  // Sequence s has a wall before it, and begins in cell offsets[s] + s + 1. A token is in the first of its cells; sequences' ends, fixed tokens, and
  // what a token to the left holds are walls.
  parallel::HugeArray<uint32_t> cells_;
  parallel::HugeArray<uint32_t> link_;  // the last cell of a token by its first, and the other way round
  std::vector<uint32_t> merges_, merge_offsets_{0};
  std::vector<uint32_t> changed_, hits_;
  PairQuestions questions_;
  std::vector<uint32_t> asked_;
  size_t looked_through_;  // candidates for questions

  // Where it stands.
  bool started_ = false, in_phase_ = false, free_ = false;
  size_t batch_ = 0, batches_;
  uint32_t from_ = 0, to_ = 0;  // the batch's cells
  uint32_t done_ = 0;           // merges of the batch
  uint32_t left_ = 0;           // its tokens
};

}  // namespace merganser::dynamic
