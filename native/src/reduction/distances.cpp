#include "merganser/reduction/distances.hpp"

#include <algorithm>

#include "merganser/clustering/row_arithmetic.hpp"
#include "merganser/parallel/parallel_for.hpp"
#include "merganser/reduction/distance_rows.hpp"

namespace merganser::reduction {
namespace {

using clustering::kPanel;

// Rows of a piece, and columns that are scored at a time: their scores stay in the nearest caches.
constexpr size_t kRows = 96, kPanels = 4, kColumns = kPanels * kPanel;

// A block of squares, [rows][kColumns], that begins at row `first` and column `column` of a matrix.
struct Block {
  const float* squares;
  size_t first, rows, column, columns;
};

// What is above the diagonal, both ways: rows become columns sixteen at a time, and a column is written as a whole.
void write_both(const Block& block, float* out, size_t stride) {
  static const auto pack = MERGANSER_SELECT_FROM(clustering::, pack_panel);
  alignas(64) float turned[kRows / kPanel][kColumns][kPanel];
  for (size_t first = 0; first < block.rows; first += kPanel) {
    const float* rows[kPanel] = {};
    float ones[kPanel];
    for (size_t r = 0; r < kPanel && first + r < block.rows; ++r) {
      const size_t row = block.first + first + r, above = row < block.column ? 0 : std::min(block.columns, row + 1 - block.column);
      rows[r] = block.squares + (first + r) * kColumns;
      ones[r] = 1;
      std::copy(rows[r] + above, rows[r] + block.columns, out + row * stride + block.column + above);
    }
    pack(rows, ones, kColumns, turned[first / kPanel][0]);
  }
  for (size_t c = 0; c < block.columns; ++c) {
    float* const column = out + (block.column + c) * stride + block.first;
    const size_t above = std::min(block.rows, block.column + c - block.first);
    for (size_t first = 0; first < above; first += kPanel) std::copy_n(turned[first / kPanel][c], std::min(kPanel, above - first), column + first);
  }
}

// rows_from(first, rows): what gives the lengths ‖x‖² of these rows, and scores of the first ones of them (`above`) by columns [column, column + columns): ⟨x, y⟩ − ½‖y‖².
template <typename RowsFrom>
void fill_squares(size_t count, unsigned threads, float sign, float* out, size_t stride, RowsFrom rows_from) {
  static const auto to_squares = MERGANSER_SELECT(scores_to_squares);
  // The first pieces have most to do.
  parallel::parallel_for(threads, (count + kRows - 1) / kRows, [&](size_t piece) {
    const size_t first = piece * kRows, rows = std::min(kRows, count - first);
    const auto from = rows_from(first, rows);
    alignas(64) float squares[kRows * kColumns] = {};
    float lengths[kRows];
    for (size_t r = 0; r < rows; ++r) lengths[r] = static_cast<float>(from.squared_length_of(r));
    for (size_t column = first; column < count; column += kColumns) {
      const size_t columns = std::min(kColumns, count - column);
      // Rows behind the columns have had these as rows.
      const size_t above = std::min(rows, column + columns - first);
      from.score(column, columns, above, squares);
      to_squares(squares, kColumns, above, lengths, sign);
      write_both({squares, first, rows, column, columns}, out, stride);
    }
    for (size_t row = first; row < first + rows; ++row) out[row * stride + row] = 0;
  });
}

struct StagedScores {
  const TokenPanels& panels;
  StagedRows rows;
  double squared_length_of(size_t i) const { return rows.squared_length_of(i); }
  void score(size_t column, size_t columns, size_t above, float* scores) const {
    static const auto score = MERGANSER_SELECT_FROM(clustering::, all_scores);
    clustering::Rows some = rows.view();
    some.count = above;
    score(some, panels.view(column / kPanel, (columns + kPanel - 1) / kPanel), scores, kColumns);
  }
};

struct FineScores {
  const FineTokens& tokens;
  const FineColumns& all;
  size_t first;
  double squared_length_of(size_t i) const { return tokens.square(first + i); }
  void score(size_t column, size_t columns, size_t above, float* scores) const {
    static const auto score = MERGANSER_SELECT(fine_scores);
    score(tokens.rows(first, above), all.view(column / kFinePair, (columns + kFinePair - 1) / kFinePair), tokens.shape(), scores, kColumns);
  }
};

struct ByteScores {
  const ByteTokens& tokens;
  size_t first;
  double squared_length_of(size_t i) const { return tokens.square(first + i); }
  void score(size_t column, size_t columns, size_t above, float* scores) const {
    static const auto score = MERGANSER_SELECT(byte_scores);
    score(tokens.rows(first, above), tokens.panels(), column / kPanel, (columns + kPanel - 1) / kPanel, scores, kColumns);
  }
};

void fill_fine_squares(const FineTokens& tokens, size_t count, unsigned threads, float sign, float* out, size_t stride) {
  const FineColumns all(tokens, nullptr, count, threads);
  fill_squares(count, threads, sign, out, stride, [&](size_t first, size_t) { return FineScores{tokens, all, first}; });
}

}  // namespace

void squared_distances(const TokenRows& tokens, unsigned threads, float* out, size_t stride) {
  const TokenPanels panels(tokens, Similarity::euclidean, threads);
  fill_squares(tokens.count, threads, 1, out, stride, [&](size_t first, size_t rows) { return StagedScores{panels, {tokens, first, rows, Similarity::euclidean}}; });
}

void squared_distances(const FineTokens& tokens, size_t count, unsigned threads, float* out, size_t stride) { fill_fine_squares(tokens, count, threads, 1, out, stride); }

void negative_squares(const FineTokens& tokens, size_t count, unsigned threads, float* out, size_t stride) { fill_fine_squares(tokens, count, threads, -1, out, stride); }

void negative_squares(const ByteTokens& tokens, size_t count, unsigned threads, float* out, size_t stride) {
  fill_squares(count, threads, -1, out, stride, [&](size_t first, size_t) { return ByteScores{tokens, first}; });
}

}  // namespace merganser::reduction
