#include "merganser/reduction/energies.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "merganser/clustering/row_arithmetic.hpp"
#include "merganser/parallel/parallel_for.hpp"
#include "merganser/reduction/fine_tokens.hpp"
#include "merganser/reduction/score_rows.hpp"

namespace merganser::clustering {
namespace {

auto select_all_scores() { return MERGANSER_SELECT(all_scores); }
auto select_pack_panel() { return MERGANSER_SELECT(pack_panel); }

}  // namespace
}  // namespace merganser::clustering

namespace merganser::reduction {
namespace {

using clustering::kPanel;

// Columns that are scored at a time, and rows of a piece: their scores stay in the nearest caches.
constexpr size_t kColumns = 64, kRows = 3 * kColumns;
// With three bytes a number a piece's rows and the columns fit into the second-level cache three times over.
constexpr size_t kTogether = 3;
// Of energies that are nearer to each other the order might be another one in single precision: measured, both are off by less than 1.3 · 10⁻⁷, but by up to 7.3 · 10⁻⁷ where one dimension is a
// hundred times as large as the others; there the order of energies that near may be another one than on other processors.
constexpr double kNear = 2.5e-7;
// With more tokens, energies stand so close that many would be found twice; with fewer dimensions, single precision is as fast.
constexpr size_t kMostTokens = 4096, kLeastDims = 128;

// score(first, count): what fills scores[count][kColumns] with the cosines of a piece's rows and of columns [column, column + columns). `together`: so many pieces see the same columns one after the
// other, which come from memory once for them.
template <typename Score>
void energies_of(size_t tokens, float margin, unsigned threads, double* means, size_t together, Score score) {
  static const auto add = MERGANSER_SELECT(add_elu);
  const size_t pieces = (tokens + kRows - 1) / kRows;
  std::vector<double> of_rows(tokens), of_columns(pieces * tokens);
  parallel::parallel_for(threads, (pieces + together - 1) / together, [&](size_t turn) {
    const size_t first_piece = turn * together, last_piece = std::min(pieces, first_piece + together);
    std::vector<decltype(score(0, 0))> score_piece;
    for (size_t piece = first_piece; piece < last_piece; ++piece) score_piece.push_back(score(piece * kRows, std::min(kRows, tokens - piece * kRows)));
    alignas(64) float scores[kRows * kColumns] = {};
    for (size_t column = first_piece * kRows; column < tokens; column += kColumns) {
      const size_t columns = std::min(kColumns, tokens - column);
      for (size_t piece = first_piece; piece < last_piece && piece * kRows <= column; ++piece) {
        const size_t first = piece * kRows;
        score_piece[piece - first_piece](column, columns, scores);
        const bool own = column < first + kRows;
        add(scores, kColumns, std::min(kRows, tokens - first), columns, margin, of_rows.data() + first, own ? nullptr : of_columns.data() + piece * tokens + column);
      }
    }
  });
  for (size_t i = 0; i < tokens; ++i) {
    double sum = of_rows[i];
    for (size_t piece = 0; piece < i / kRows; ++piece) sum += of_columns[piece * tokens + i];
    means[i] = sum / static_cast<double>(tokens);
  }
}

clustering::Panels panels_from(const TokenPanels& panels, size_t column, size_t columns) { return panels.view(column / kPanel, (columns + kPanel - 1) / kPanel); }

void by_tiles(const TokenRows& tokens, float margin, unsigned threads, double* means) {
  static const auto all = clustering::select_all_scores();
  const TokenPanels panels(tokens, Similarity::cosine, threads);
  energies_of(tokens.count, margin, threads, means, 1, [&](size_t first, size_t count) {
    return [&panels, rows = StagedRows(tokens, first, count, Similarity::cosine)](size_t column, size_t columns, float* scores) {
      all(rows.view(), panels_from(panels, column, columns), scores, kColumns);
    };
  });
}

// Tokens whose energy is near another one's.
std::vector<uint32_t> undecided(const double* means, size_t tokens) {
  std::vector<uint32_t> order(tokens), found;
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return means[a] < means[b]; });
  const auto near = [&](size_t place) { return !(means[order[place]] - means[order[place - 1]] > kNear); };
  for (size_t place = 0; place < tokens; ++place) {
    if ((place > 0 && near(place)) || (place + 1 < tokens && near(place + 1))) found.push_back(order[place]);
  }
  return found;
}

// The energies of these as by_tiles would find them: the same terms, added in the same order.
void settle(const TokenRows& tokens, const FineTokens& fine, const std::vector<uint32_t>& chosen, float margin, unsigned threads, double* means) {
  static const auto all = clustering::select_all_scores();
  static const auto pack = clustering::select_pack_panel();
  static const auto add = MERGANSER_SELECT(add_elu);
  const StagedRows rows({tokens.data, chosen.data(), chosen.size(), tokens.dims}, 0, chosen.size(), Similarity::cosine);
  const size_t panels = (tokens.count + kPanel - 1) / kPanel, stride = panels * kPanel + kColumns;
  std::vector<float> scores(chosen.size() * stride);
  parallel::parallel_for(threads, panels, [&](size_t panel) {
    std::vector<float> memory(kPanel * (tokens.dims + 1));
    float* const packed = reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(memory.data()) + 63) / 64 * 64);
    const float zeros[kPanel] = {}, *tokens_of[kPanel] = {};
    float scales[kPanel] = {};
    for (size_t i = panel * kPanel; i < std::min(tokens.count, (panel + 1) * kPanel); ++i) tokens_of[i % kPanel] = tokens.row(i), scales[i % kPanel] = unit_scale(fine.square(i));
    pack(tokens_of, scales, tokens.dims, packed);
    all(rows.view(), {packed, zeros, 1, tokens.dims}, scores.data() + panel * kPanel, stride);
  });
  parallel::parallel_for(threads, chosen.size(), [&](size_t i) {
    const size_t token = chosen[i], own = token / kRows * kRows;
    const float* const row = scores.data() + i * stride;
    double sum = 0;
    for (size_t column = own; column < tokens.count; column += kColumns) add(row + column, stride, 1, std::min(kColumns, tokens.count - column), margin, &sum, nullptr);
    for (size_t before = 0; before < own; before += kRows) {
      double of_piece[kRows] = {}, total = 0, unused = 0;
      for (size_t column = 0; column < kRows; column += kColumns) add(row + before + column, stride, 1, kColumns, margin, &unused, of_piece + column);
      for (const double value : of_piece) total += value;
      sum += total;
    }
    means[token] = sum / static_cast<double>(tokens.count);
  });
}

void by_fine_bytes(const TokenRows& tokens, float margin, unsigned threads, double* means) {
  static const auto score = MERGANSER_SELECT(fine_scores);
  const FineTokens fine(tokens, Similarity::cosine, kMostFineBytes, threads);
  const FineColumns columns(fine, nullptr, tokens.count, threads);
  energies_of(tokens.count, margin, threads, means, threads == 1 ? kTogether : 1, [&](size_t first, size_t count) {
    return [&fine, &columns, first, count](size_t column, size_t some, float* scores) {
      score(fine.rows(first, count), columns.view(column / kFinePair, (some + kFinePair - 1) / kFinePair), fine.shape(), scores, kColumns);
    };
  });
  const std::vector<uint32_t> near = undecided(means, tokens.count);
  // Tokens that repeat have energies that are alike: all of them once more cost less than each for itself.
  if (near.size() > tokens.count / 8) return by_tiles(tokens, margin, threads, means);
  if (!near.empty()) settle(tokens, fine, near, margin, threads, means);
}

}  // namespace

void mean_elu(const TokenRows& tokens, float margin, unsigned threads, double* means) {
  const bool fine = tokens.count <= kMostTokens && tokens.dims >= kLeastDims && FineTokens::pays(tokens.count, tokens.dims);
  (fine ? by_fine_bytes : by_tiles)(tokens, margin, threads, means);
}

}  // namespace merganser::reduction
