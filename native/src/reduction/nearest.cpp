#include "merganser/reduction/nearest.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "merganser/parallel/parallel_for.hpp"
#include "merganser/reduction/byte_screen.hpp"
#include "merganser/reduction/greatest_scores.hpp"
#include "merganser/reduction/row_products.hpp"
#include "merganser/reduction/slot_choice.hpp"
#include "merganser/reduction/token_groups.hpp"

namespace merganser::reduction {
namespace {

using clustering::kPanel;

// Panels that are scored at a time: their scores of a piece's rows stay in the nearest cache.
constexpr size_t kPanels = 4, kColumns = kPanels * kPanel;
// Of so few columns all products take less time than reading the rows.
constexpr size_t kFewColumns = 24;
static_assert(kRowsTogether == kLengthsTogether);

float square_of(double own, float score) { return std::max(0.f, static_cast<float>(own - 2 * static_cast<double>(score))); }

// The greatest scores of a row so far, and others that were above the least of them not long ago: sorting them now and then is cheaper than keeping them in order.
class FewBest {
 public:
  explicit FewBest(size_t few) : few_(few), candidates_(few + 2 * kColumns) {}
  float threshold() const { return threshold_; }
  void offer(const float* scores, size_t count, size_t first_column) {
    if (size_ + kColumns > candidates_.size()) shrink();
    size_t size = size_;
    for (size_t i = 0; i < count; ++i) {
      candidates_[size] = {scores[i], static_cast<uint32_t>(first_column + i)};
      size += scores[i] > threshold_;
    }
    size_ = size;
  }
  // The greatest first, of equal ones the lowest column.
  void finish(uint32_t* columns, float* scores) {
    shrink();
    std::sort(candidates_.begin(), candidates_.begin() + static_cast<ptrdiff_t>(size_), better);
    for (size_t i = 0; i < few_; ++i) columns[i] = candidates_[i].column, scores[i] = candidates_[i].score;
  }

 private:
  struct Candidate {
    float score;
    uint32_t column;
  };
  static bool better(const Candidate& a, const Candidate& b) { return a.score > b.score || (a.score == b.score && a.column < b.column); }
  void shrink() {
    if (size_ <= few_) return;
    const auto last = candidates_.begin() + static_cast<ptrdiff_t>(few_) - 1;
    std::nth_element(candidates_.begin(), last, candidates_.begin() + static_cast<ptrdiff_t>(size_), better);
    threshold_ = last->score;
    size_ = few_;
  }

  size_t few_, size_ = 0;
  float threshold_ = -std::numeric_limits<float>::infinity();
  std::vector<Candidate> candidates_;
};

}  // namespace

namespace {

void nearest_by_tiles(const TokenRows& left, const TokenRows& right, Similarity similarity, unsigned threads, uint32_t* columns, float* scores) {
  static const auto best = MERGANSER_SELECT_FROM(clustering::, best_slots);
  const TokenPanels panels(right, similarity, threads);
  const size_t piece_rows = rows_of_piece(left.count, left.dims, threads);
  parallel::parallel_for(threads, (left.count + piece_rows - 1) / piece_rows, [&](size_t piece) {
    const size_t first = piece * piece_rows, count = std::min(piece_rows, left.count - first);
    best(StagedRows(left, first, count, similarity).view(), panels.view(), columns + first, scores + first);
  });
}

// All products of a row with few columns, in any order of their terms, leave one column nearly always, and the row is read once.
void nearest_of_few(const TokenRows& left, const TokenRows& right, Similarity similarity, unsigned threads, uint32_t* columns, float* scores) {
  static const auto multiply = MERGANSER_SELECT(products_together);
  SlotChoice choice(right, similarity, right.count);
  float greatest = 0;
  std::vector<uint32_t> rows(right.count);
  for (size_t slot = 0; slot < right.count; ++slot) {
    const double square = squared_length(right.row(slot), right.dims);
    choice.set(slot, square);
    greatest = std::max(greatest, static_cast<float>(std::sqrt(square)) * choice.scale(slot) * (1 + 1e-6f));
    rows[slot] = right.rows ? right.rows[slot] : static_cast<uint32_t>(slot);
  }
  choice.finish(greatest);
  const size_t piece_rows = rows_of_piece(left.count, left.dims, threads);
  parallel::parallel_for(threads, (left.count + piece_rows - 1) / piece_rows, [&](size_t piece) {
    const size_t first = piece * piece_rows, count = std::min(piece_rows, left.count - first);
    SlotChoice::Rows chosen(choice, left, first, count, false, columns + first, scores + first);
    float products[kRowsTogether][kFewColumns];
    for (size_t row = first; row < first + count; row += kRowsTogether) {
      const float* together[kRowsTogether];
      float* out[kRowsTogether];
      // The last one is repeated where there are not four.
      for (size_t r = 0; r < kRowsTogether; ++r) together[r] = left.row(std::min(row + r, first + count - 1)), out[r] = products[r];
      multiply(together, right.data, right.dims, rows.data(), right.count, out);
      double squares[kLengthsTogether];
      squared_lengths(left, row, first + count, squares);
      for (size_t r = row; r < std::min(row + kRowsTogether, first + count); ++r) chosen.take_greatest(r, squares[r - row], nullptr, products[r - row], right.count);
    }
    chosen.finish();
  });
}

void nearest_by_bytes(const TokenRows& left, const TokenRows& right, Similarity similarity, unsigned threads, bool wanted, uint32_t* columns, float* scores) {
  const std::unique_ptr<TokenGroups> groups = TokenGroups::find(left, right, similarity, threads);
  const ByteScreen screen(right, similarity, groups.get(), threads);
  const size_t piece_rows = rows_of_piece(left.count, left.dims, threads), pieces = (left.count + piece_rows - 1) / piece_rows;
  std::vector<std::vector<uint32_t>> left_over(pieces);
  parallel::parallel_for(threads, pieces, [&](size_t piece) {
    const size_t first = piece * piece_rows, count = std::min(piece_rows, left.count - first);
    screen.nearest(left, first, count, wanted, columns + first, scores + first, left_over[piece]);
  });
  std::vector<uint32_t> places, rows;
  for (const auto& some : left_over) places.insert(places.end(), some.begin(), some.end());
  if (places.empty()) return;
  for (const uint32_t place : places) rows.push_back(left.rows ? left.rows[place] : place);
  std::vector<uint32_t> their_columns(rows.size());
  std::vector<float> their_scores(rows.size());
  nearest_by_tiles({left.data, rows.data(), rows.size(), left.dims}, right, similarity, threads, their_columns.data(), their_scores.data());
  for (size_t i = 0; i < places.size(); ++i) columns[places[i]] = their_columns[i], scores[places[i]] = their_scores[i];
}

}  // namespace

void nearest_rows(const TokenRows& left, const TokenRows& right, Similarity similarity, unsigned threads, uint32_t* columns, float* values) {
  static const bool together = MERGANSER_SELECT(multiplies_together)();
  std::vector<float> unwanted(values ? 0 : left.count);
  float* const scores = values ? values : unwanted.data();
  if (ByteScreen::pays(left, right)) nearest_by_bytes(left, right, similarity, threads, values != nullptr, columns, scores);
  else if (!values && together && right.count <= kFewColumns) nearest_of_few(left, right, similarity, threads, columns, scores);
  else nearest_by_tiles(left, right, similarity, threads, columns, scores);
  if (!values || similarity == Similarity::cosine) return;
  for (size_t i = 0; i < left.count; ++i) values[i] = square_of(squared_length(left.row(i), left.dims), values[i]);
}

namespace {

// Of some rows, whose scores of all columns are there.
void choose_few(const float* scores, size_t stride, size_t rows, size_t columns, size_t few, uint32_t* out_columns, float* out_scores) {
  static const auto choose = MERGANSER_SELECT(greatest_of_row);
  for (size_t i = 0; i < rows; ++i, scores += stride) {
    if (choose(scores, columns, few, out_columns + i * few, out_scores + i * few)) continue;
    FewBest best(few);
    for (size_t first = 0; first < columns; first += kColumns) best.offer(scores + first, std::min(kColumns, columns - first), first);
    best.finish(out_columns + i * few, out_scores + i * few);
  }
}

}  // namespace

void few_nearest(const TokenRows& left, const TokenRows& right, size_t few, unsigned threads, uint32_t* columns, float* squares) {
  static const auto score = MERGANSER_SELECT_FROM(clustering::, all_scores);
  static const auto above = MERGANSER_SELECT(rows_above);
  // Of so few columns all scores of a piece stay in the second-level cache.
  constexpr size_t kRows = 96, kMostAtOnce = 512;
  const TokenPanels panels(right, Similarity::euclidean, threads);
  const bool at_once = right.count <= kMostAtOnce && few <= kMostOfRow;
  parallel::parallel_for(threads, (left.count + kRows - 1) / kRows, [&](size_t piece) {
    const size_t first = piece * kRows, count = std::min(kRows, left.count - first), stride = at_once ? panels.count() * kPanel : kColumns;
    const StagedRows rows(left, first, count, Similarity::euclidean);
    const std::unique_ptr<float[]> scores(new float[kRows * stride]);
    if (at_once) {
      for (size_t panel = 0; panel < panels.count(); panel += kPanels) score(rows.view(), panels.view(panel, std::min(kPanels, panels.count() - panel)), scores.get() + panel * kPanel, stride);
      choose_few(scores.get(), stride, count, right.count, few, columns + first * few, squares + first * few);
    } else {
      float thresholds[kRows];
      uint32_t list[kRows + 1];
      std::vector<FewBest> best(count, FewBest(few));
      for (size_t panel = 0; panel < panels.count(); panel += kPanels) {
        const size_t some = std::min(kPanels, panels.count() - panel), columns_here = std::min(some * kPanel, right.count - panel * kPanel);
        if (some < kPanels) std::fill_n(scores.get(), kRows * kColumns, -std::numeric_limits<float>::infinity());
        score(rows.view(), panels.view(panel, some), scores.get(), kColumns);
        for (size_t i = 0; i < count; ++i) thresholds[i] = best[i].threshold();
        const size_t found = above(scores.get(), kColumns, count, thresholds, list);
        for (size_t i = 0; i < found; ++i) best[list[i]].offer(scores.get() + list[i] * kColumns, columns_here, panel * kPanel);
      }
      for (size_t i = 0; i < count; ++i) best[i].finish(columns + (first + i) * few, squares + (first + i) * few);
    }
    for (size_t i = 0; i < count; ++i) {
      float* const own = squares + (first + i) * few;
      for (size_t k = 0; k < few; ++k) own[k] = square_of(rows.squared_length_of(i), own[k]);
    }
  });
}

void nearest_before(const TokenRows& tokens, unsigned threads, float* squares) {
  static const auto best = MERGANSER_SELECT_FROM(clustering::, best_slots);
  static const auto score = MERGANSER_SELECT_FROM(clustering::, all_scores);
  const TokenPanels panels(tokens, Similarity::euclidean, threads);
  constexpr size_t kRows = 96;
  const size_t pieces = (tokens.count + kRows - 1) / kRows;
  // The last pieces have most to do: they come first.
  parallel::parallel_for(threads, pieces, [&](size_t turn) {
    const size_t first = (pieces - 1 - turn) * kRows, count = std::min(kRows, tokens.count - first);
    const StagedRows rows(tokens, first, count, Similarity::euclidean);
    uint32_t slots[kRows];
    float scores[kRows];
    std::fill_n(scores, kRows, -std::numeric_limits<float>::infinity());
    if (first > 0) best(rows.view(), panels.view(0, first / kPanel), slots, scores);
    alignas(64) float own[kRows * kRows];
    score(rows.view(), panels.view(first / kPanel, (count + kPanel - 1) / kPanel), own, kRows);
    for (size_t i = 0; i < count; ++i) {
      for (size_t j = 0; j < i; ++j) scores[i] = std::max(scores[i], own[i * kRows + j]);
      squares[first + i] = first + i == 0 ? std::numeric_limits<float>::infinity() : square_of(rows.squared_length_of(i), scores[i]);
    }
  });
}

}  // namespace merganser::reduction
