#include "merganser/reduction/distances.hpp"

#include <algorithm>

#include "merganser/clustering/row_arithmetic.hpp"
#include "merganser/parallel/parallel_for.hpp"
#include "merganser/reduction/distance_rows.hpp"

namespace merganser::clustering {
namespace {

auto select_all_scores() { return MERGANSER_SELECT(all_scores); }
auto select_pack_panel() { return MERGANSER_SELECT(pack_panel); }

}  // namespace
}  // namespace merganser::clustering

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

// The part above the diagonal, both ways.
void write_own(const Block& block, float* out, size_t stride) {
  for (size_t r = 0; r < block.rows; ++r) {
    const size_t row = block.first + r;
    for (size_t c = row < block.column ? 0 : row + 1 - block.column; c < block.columns; ++c) {
      const size_t column = block.column + c;
      out[row * stride + column] = out[column * stride + row] = block.squares[r * kColumns + c];
    }
    out[row * stride + row] = 0;
  }
}

// All of it, both ways: rows become columns sixteen at a time, and a column is written as a whole.
void write_both(const Block& block, float* out, size_t stride) {
  static const auto pack = clustering::select_pack_panel();
  alignas(64) float turned[kRows / kPanel][kColumns][kPanel];
  for (size_t first = 0; first < block.rows; first += kPanel) {
    const float* rows[kPanel] = {};
    float ones[kPanel];
    for (size_t r = 0; r < kPanel && first + r < block.rows; ++r) {
      rows[r] = block.squares + (first + r) * kColumns;
      ones[r] = 1;
      std::copy_n(rows[r], block.columns, out + (block.first + first + r) * stride + block.column);
    }
    pack(rows, ones, kColumns, turned[first / kPanel][0]);
  }
  for (size_t c = 0; c < block.columns; ++c) {
    float* const column = out + (block.column + c) * stride + block.first;
    for (size_t first = 0; first < block.rows; first += kPanel) std::copy_n(turned[first / kPanel][c], std::min(kPanel, block.rows - first), column + first);
  }
}

}  // namespace

void squared_distances(const TokenRows& tokens, unsigned threads, float* out, size_t stride) {
  static const auto score = clustering::select_all_scores();
  static const auto to_squares = MERGANSER_SELECT(scores_to_squares);
  const TokenPanels panels(tokens, Similarity::euclidean, threads);
  // The first pieces have most to do.
  parallel::parallel_for(threads, (tokens.count + kRows - 1) / kRows, [&](size_t piece) {
    const size_t first = piece * kRows, rows = std::min(kRows, tokens.count - first);
    const StagedRows staged(tokens, first, rows, Similarity::euclidean);
    alignas(64) float squares[kRows * kColumns] = {};
    float lengths[kRows];
    for (size_t r = 0; r < rows; ++r) lengths[r] = static_cast<float>(staged.squared_length_of(r));
    for (size_t column = first; column < tokens.count; column += kColumns) {
      const size_t columns = std::min(kColumns, tokens.count - column);
      score(staged.view(), panels.view(column / kPanel, (columns + kPanel - 1) / kPanel), squares, kColumns);
      to_squares(squares, kColumns, rows, lengths);
      const Block block{squares, first, rows, column, columns};
      if (column < first + rows) {
        write_own(block, out, stride);
      } else {
        write_both(block, out, stride);
      }
    }
  });
}

}  // namespace merganser::reduction
