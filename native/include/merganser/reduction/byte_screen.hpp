// The nearest of many tokens without most of the products: bytes first.
//
// Products of bytes cost a quarter of those in single precision, where the processor has an instruction for them, and how far off they are is known (see byte_forms.hpp): of 500 tokens one to ten may
// be the nearest by them. Among these slot_choice.hpp chooses, with the same bits as the tiles of score_panels. Rows for which bytes leave too many (equal tokens, zeros) are left to those tiles.
#pragma once
#include <vector>

#include "merganser/clustering/byte_panels.hpp"
#include "merganser/parallel/kept_buffer.hpp"
#include "merganser/reduction/byte_candidates.hpp"
#include "merganser/reduction/slot_choice.hpp"
#include "merganser/reduction/token_rows.hpp"

namespace merganser::reduction {

class TokenGroups;

// What kernels want of rows [first, first + rows) of some tokens.
struct RoundedRows {
  RoundedRows(const TokenRows& tokens, size_t first, size_t rows, Similarity similarity);
  clustering::ByteRows view() const { return {codes.data(), stride, scales.data(), errors.data(), lengths.data(), count}; }
  // Keeps the rows of a list that ascends; squares stay.
  void keep(const std::vector<uint32_t>& list);

  size_t count;
  const size_t stride;
  std::vector<uint8_t> codes;
  std::vector<float> scales, errors, lengths, floors;
  std::vector<float> behind;  // where tokens have heads: at least the length of the rest, times what makes a score of it
  std::vector<double> squares;  // ‖row‖²
};

class ByteScreen {
 public:
  // Whether that is faster here than all products.
  static bool pays(const TokenRows& left, const TokenRows& right);

  // groups: of these tokens, for cosines, or null.
  ByteScreen(const TokenRows& tokens, Similarity similarity, const TokenGroups* groups, unsigned threads);

  // The slots and scores of rows [first, first + count) of `left` as best_slots would find them; of scores that are not wanted some are missing. Rows that are left to it are put in the list.
  void nearest(const TokenRows& left, size_t first, size_t count, bool wanted, uint32_t* slots, float* scores, std::vector<uint32_t>& left_over) const;

  clustering::BytePanels view() const;
  ByteMargins margins() const { return {lengths_.data(), errors_.data(), rest_.data(), most_rest_.data()}; }

 private:
  void pack_panel(size_t panel, float shared, double* squares);
  float measure_pair(size_t pair, double* squares) const;
  size_t token_of(size_t slot) const;
  void find_all(RoundedRows& rows, size_t first, size_t of, Candidates* candidates) const;
  void find_in_groups(RoundedRows& rows, size_t first, size_t of, Candidates* candidates) const;
  void look_closer(const TokenRows& left, size_t row, double square, const Candidates& candidates, SlotChoice::Rows& choice) const;

  const TokenRows& tokens_;
  const Similarity similarity_;
  const TokenGroups* const groups_;
  size_t panels_, stride_;
  const size_t head_;  // dimensions; 0: no heads
  SlotChoice choice_;
  parallel::KeptBuffer memory_;
  int8_t* codes_;
  // By slot.
  std::vector<int32_t> starts_, head_starts_;
  std::vector<float> code_scales_, lengths_, errors_, rest_;
  std::vector<float> pair_scales_;  // the greatest of a pair's scales; none: each token has its own
  std::vector<float> most_lengths_, most_errors_, most_rest_, most_behind_;  // by panel
};

}  // namespace merganser::reduction
