#include "merganser/reduction/nearest.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "merganser/parallel/parallel_for.hpp"
#include "merganser/reduction/score_rows.hpp"

namespace merganser::clustering {
namespace {

auto select_best_slots() { return MERGANSER_SELECT(best_slots); }
auto select_all_scores() { return MERGANSER_SELECT(all_scores); }

}  // namespace
}  // namespace merganser::clustering

namespace merganser::reduction {
namespace {

using clustering::kPanel;

// Panels that are scored at a time: their scores of a piece's rows stay in the nearest cache.
constexpr size_t kPanels = 4, kColumns = kPanels * kPanel;

float square_of(double own, float score) { return std::max(0.f, static_cast<float>(own - 2 * static_cast<double>(score))); }

// The greatest scores of a row so far, descending.
class FewBest {
 public:
  FewBest(size_t room, uint32_t* columns, float* scores) : room_(room), columns_(columns), scores_(scores) {
    std::fill_n(scores, room, -std::numeric_limits<float>::infinity());
  }
  float threshold() const { return scores_[room_ - 1]; }
  void offer(const float* scores, size_t count, size_t first_column) {
    for (size_t i = 0; i < count; ++i) {
      if (!(scores[i] > threshold())) continue;
      size_t at = room_ - 1;
      for (; at > 0 && scores_[at - 1] < scores[i]; --at) scores_[at] = scores_[at - 1], columns_[at] = columns_[at - 1];
      scores_[at] = scores[i];
      columns_[at] = static_cast<uint32_t>(first_column + i);
    }
  }

 private:
  size_t room_;
  uint32_t* columns_;
  float* scores_;
};

}  // namespace

void nearest_rows(const TokenRows& left, const TokenRows& right, Similarity similarity, unsigned threads, uint32_t* columns, float* values) {
  static const auto best = clustering::select_best_slots();
  const TokenPanels panels(right, similarity, threads);
  const size_t piece_rows = rows_of_piece(left.count, left.dims, threads);
  parallel::parallel_for(threads, (left.count + piece_rows - 1) / piece_rows, [&](size_t piece) {
    const size_t first = piece * piece_rows, count = std::min(piece_rows, left.count - first);
    const StagedRows rows(left, first, count, similarity);
    best(rows.view(), panels.view(), columns + first, values + first);
    if (similarity == Similarity::cosine) return;
    for (size_t i = 0; i < count; ++i) values[first + i] = square_of(rows.squared_length_of(i), values[first + i]);
  });
}

void few_nearest(const TokenRows& left, const TokenRows& right, size_t few, unsigned threads, uint32_t* columns, float* squares) {
  static const auto score = clustering::select_all_scores();
  static const auto above = MERGANSER_SELECT(rows_above);
  const TokenPanels panels(right, Similarity::euclidean, threads);
  constexpr size_t kRows = 96;
  parallel::parallel_for(threads, (left.count + kRows - 1) / kRows, [&](size_t piece) {
    const size_t first = piece * kRows, count = std::min(kRows, left.count - first);
    const StagedRows rows(left, first, count, Similarity::euclidean);
    alignas(64) float scores[kRows * kColumns];
    float thresholds[kRows];
    uint32_t list[kRows + 1];
    std::vector<FewBest> best;
    for (size_t i = 0; i < count; ++i) best.emplace_back(few, columns + (first + i) * few, squares + (first + i) * few);
    for (size_t panel = 0; panel < panels.count(); panel += kPanels) {
      const size_t some = std::min(kPanels, panels.count() - panel), columns_here = std::min(some * kPanel, right.count - panel * kPanel);
      if (some < kPanels) std::fill_n(scores, kRows * kColumns, -std::numeric_limits<float>::infinity());
      score(rows.view(), panels.view(panel, some), scores, kColumns);
      for (size_t i = 0; i < count; ++i) thresholds[i] = best[i].threshold();
      const size_t found = above(scores, kColumns, count, thresholds, list);
      for (size_t i = 0; i < found; ++i) best[list[i]].offer(scores + list[i] * kColumns, columns_here, panel * kPanel);
    }
    for (size_t i = 0; i < count; ++i) {
      float* const own = squares + (first + i) * few;
      for (size_t k = 0; k < few; ++k) own[k] = square_of(rows.squared_length_of(i), own[k]);
    }
  });
}

void nearest_before(const TokenRows& tokens, unsigned threads, float* squares) {
  static const auto best = clustering::select_best_slots();
  static const auto score = clustering::select_all_scores();
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

// Cosines are the same both ways: panels after a piece's own rows are scored once, and count for its rows and for their columns.
void mean_elu(const TokenRows& tokens, float margin, unsigned threads, double* means) {
  static const auto score = clustering::select_all_scores();
  static const auto add = MERGANSER_SELECT(add_elu);
  const TokenPanels panels(tokens, Similarity::cosine, threads);
  constexpr size_t kRows = 3 * kColumns;
  const size_t pieces = (tokens.count + kRows - 1) / kRows;
  std::vector<double> of_rows(tokens.count), of_columns(pieces * tokens.count);
  parallel::parallel_for(threads, pieces, [&](size_t piece) {
    const size_t first = piece * kRows, count = std::min(kRows, tokens.count - first);
    const StagedRows rows(tokens, first, count, Similarity::cosine);
    alignas(64) float scores[kRows * kColumns] = {};
    for (size_t column = first; column < tokens.count; column += kColumns) {
      const size_t columns = std::min(kColumns, tokens.count - column);
      score(rows.view(), panels.view(column / kPanel, (columns + kPanel - 1) / kPanel), scores, kColumns);
      const bool own = column < first + kRows;
      add(scores, kColumns, count, columns, margin, of_rows.data() + first, own ? nullptr : of_columns.data() + piece * tokens.count + column);
    }
  });
  for (size_t i = 0; i < tokens.count; ++i) {
    double sum = of_rows[i];
    for (size_t piece = 0; piece < i / kRows; ++piece) sum += of_columns[piece * tokens.count + i];
    means[i] = sum / static_cast<double>(tokens.count);
  }
}

}  // namespace merganser::reduction
