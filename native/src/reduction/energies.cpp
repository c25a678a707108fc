#include "merganser/reduction/energies.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <vector>

#include "merganser/clustering/row_arithmetic.hpp"
#include "merganser/parallel/parallel_for.hpp"
#include "merganser/reduction/fine_tokens.hpp"
#include "merganser/reduction/score_rows.hpp"
#include "merganser/reduction/word_tokens.hpp"

namespace merganser::reduction {
namespace {

using clustering::kPanel;

// Columns that are scored at a time, and rows of a piece: their scores stay in the nearest caches.
constexpr size_t kColumns = 64, kRows = 3 * kColumns;
// With two bytes a number a piece's rows and the columns fit into the second-level cache three times over.
constexpr size_t kTogether = 3;
// Of energies that are nearer to each other than this, or than kTimesOff times what estimates were seen to be off by, the order might be another one in single precision.
constexpr double kNear = 4e-7, kTimesOff = 3;
// Estimates that are off by more than this (of tokens with a dimension far larger than the others) are not used.
constexpr double kMostOff = 4e-7;
// So many are computed in single precision, to see it: those with the coarsest numbers, and as many others.
constexpr size_t kCoarsest = 8;
// With more tokens, energies stand so close that many would be found twice; with fewer dimensions, single precision is as fast.
constexpr size_t kMostTokens = 4096, kLeastDims = 128;

// score(first, count): what fills scores[rows][kColumns] with the cosines of a piece's first rows and of columns [column, column + columns). `together`: so many pieces see the same columns one after
// the other, which come from memory once for them. slope, unless null: the mean derivative of the terms, of a row of each piece; energies are estimates then, and their terms in any order.
template <typename Score>
void energies_of(size_t tokens, float margin, unsigned threads, double* means, size_t together, double* slope, Score score) {
  static const auto add = MERGANSER_SELECT(add_elu);
  const size_t pieces = (tokens + kRows - 1) / kRows;
  std::vector<double> of_rows(tokens), of_columns(pieces * tokens), slopes(pieces);
  parallel::parallel_for(threads, (pieces + together - 1) / together, [&](size_t turn) {
    const size_t first_piece = turn * together, last_piece = std::min(pieces, first_piece + together);
    std::vector<decltype(score(0, 0))> score_piece;
    for (size_t piece = first_piece; piece < last_piece; ++piece) score_piece.push_back(score(piece * kRows, std::min(kRows, tokens - piece * kRows)));
    alignas(64) float scores[kRows * kColumns] = {};
    for (size_t column = first_piece * kRows; column < tokens; column += kColumns) {
      const size_t columns = std::min(kColumns, tokens - column);
      for (size_t piece = first_piece; piece < last_piece && piece * kRows <= column; ++piece) {
        const size_t first = piece * kRows, count = std::min(kRows, tokens - first);
        const bool own = column < first + kRows;
        // Of pairs of a piece's own tokens estimates need one, as of all others; rows from `both` on see the same pairs both ways.
        const size_t rows = own && slope ? std::min(count, column - first + kColumns) : count, both = !own ? rows : slope ? column - first : 0;
        score_piece[piece - first_piece](column, columns, rows, scores);
        for (size_t i = 0; slope && i < columns; ++i) slopes[piece] += std::exp(static_cast<double>(std::min(scores[i] - margin, 0.f)));
        add(scores, kColumns, both, columns, margin, of_rows.data() + first, of_columns.data() + piece * tokens + column);
        add(scores + both * kColumns, kColumns, rows - both, columns, margin, of_rows.data() + first + both, nullptr);
      }
    }
  });
  for (size_t i = 0; i < tokens; ++i) {
    double sum = of_rows[i];
    for (size_t piece = 0; piece <= i / kRows; ++piece) sum += of_columns[piece * tokens + i];
    means[i] = sum / static_cast<double>(tokens);
  }
  if (!slope) return;
  size_t terms = 0;
  for (size_t piece = 0; piece < pieces; ++piece) terms += tokens - piece * kRows;
  *slope = std::accumulate(slopes.begin(), slopes.end(), 0.) / static_cast<double>(terms);
}

clustering::Panels panels_from(const TokenPanels& panels, size_t column, size_t columns) { return panels.view(column / kPanel, (columns + kPanel - 1) / kPanel); }

void by_tiles(const TokenRows& tokens, float margin, unsigned threads, double* means) {
  static const auto all = MERGANSER_SELECT_FROM(clustering::, all_scores);
  const TokenPanels panels(tokens, Similarity::cosine, threads);
  energies_of(tokens.count, margin, threads, means, 1, nullptr, [&](size_t first, size_t count) {
    return [&panels, rows = StagedRows(tokens, first, count, Similarity::cosine)](size_t column, size_t columns, size_t, float* scores) {
      all(rows.view(), panels_from(panels, column, columns), scores, kColumns);
    };
  });
}

// Tokens of the `ranked` greatest energies whose energy is near another one's, and those that might be among these.
std::vector<uint32_t> undecided(const double* means, size_t tokens, size_t ranked, double distance) {
  std::vector<uint32_t> order(tokens), found;
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return means[a] < means[b]; });
  const auto near = [&](size_t place) { return !(means[order[place]] - means[order[place - 1]] > distance); };
  const size_t first = tokens - std::min(tokens, ranked);
  for (size_t place = 0; place < tokens; ++place) {
    const bool open = place < first ? first < tokens && !(means[order[first]] - means[order[place]] > distance) : (place > 0 && near(place)) || (place + 1 < tokens && near(place + 1));
    if (open) found.push_back(order[place]);
  }
  return found;
}

// scores[i][token]: cosines of these tokens with all, with the bits that by_tiles has. square_of(token): its squared length.
template <typename Square>
void cosines_with(const TokenRows& tokens, const std::vector<uint32_t>& chosen, unsigned threads, Square square_of, float* scores, size_t stride) {
  static const auto all = MERGANSER_SELECT_FROM(clustering::, all_scores);
  static const auto scale_row = MERGANSER_SELECT_FROM(clustering::, scale_row);
  // The chosen ones are the columns: they are packed, and all others read where they lie.
  const TokenPanels panels({tokens.data, chosen.data(), chosen.size(), tokens.dims}, Similarity::cosine, threads);
  constexpr size_t kRowsOfPiece = 48;
  const size_t columns = panels.count() * kPanel, apart = tokens.dims + kPanel;
  parallel::parallel_for(threads, (tokens.count + kRowsOfPiece - 1) / kRowsOfPiece, [&](size_t piece) {
    const size_t first = piece * kRowsOfPiece, count = std::min(kRowsOfPiece, tokens.count - first);
    const std::unique_ptr<float[]> rows(new float[count * apart]), found(new float[count * columns]);
    for (size_t i = 0; i < count; ++i) scale_row(tokens.row(first + i), unit_scale(square_of(first + i)), tokens.dims, rows.get() + i * apart);
    all({rows.get(), apart, count}, panels.view(), found.get(), columns);
    for (size_t i = 0; i < chosen.size(); ++i) {
      for (size_t row = 0; row < count; ++row) scores[i * stride + first + row] = found[row * columns + i];
    }
  });
}

// The energies of these as by_tiles would find them: the same terms, added in the same order. Returns how far off they were.
template <typename Square>
double settle(const TokenRows& tokens, const std::vector<uint32_t>& chosen, float margin, unsigned threads, Square square_of, double* means) {
  static const auto add = MERGANSER_SELECT(add_elu);
  const size_t stride = (tokens.count + kPanel - 1) / kPanel * kPanel + kColumns;
  std::vector<float> scores(chosen.size() * stride);
  cosines_with(tokens, chosen, threads, square_of, scores.data(), stride);
  std::vector<double> off(chosen.size());
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
    const double mean = sum / static_cast<double>(tokens.count);
    off[i] = std::abs(mean - means[token]);
    means[token] = mean;
  });
  return *std::max_element(off.begin(), off.end());
}

// Tokens that show how far off estimates are. Those from everywhere stand at no regular distance, as tokens of images are alike by rows and columns.
template <typename Estimates>
std::vector<uint32_t> samples(const Estimates& estimates, size_t tokens) {
  std::vector<uint32_t> order(tokens);
  std::iota(order.begin(), order.end(), 0);
  std::partial_sort(order.begin(), order.begin() + kCoarsest, order.end(), [&](uint32_t a, uint32_t b) {
    return estimates.scale(a) > estimates.scale(b) || (estimates.scale(a) == estimates.scale(b) && a < b);
  });
  order.resize(kCoarsest);
  const size_t apart = tokens / kCoarsest;
  for (uint32_t i = 0; i < kCoarsest; ++i) order.push_back(static_cast<uint32_t>(i * apart + ((i + 1) * 2654435769u >> 8) % apart));
  return order;
}

// Estimates that stand apart stay, as they have the order that they would have in single precision, unless one is off by much more than all samples (there is no bound of that, only what is seen); the others are
// computed so. False: too many are too near each other, or they are too far off, or no numbers.
template <typename Estimates>
bool settle_near(const TokenRows& tokens, const Estimates& estimates, float margin, size_t ranked, unsigned threads, double* means) {
  if (!std::all_of(means, means + tokens.count, [](double mean) { return std::isfinite(mean); })) return false;
  std::vector<bool> settled(tokens.count);
  size_t count = 0;
  for (double near = kNear;;) {
    std::vector<uint32_t> chosen = undecided(means, tokens.count, ranked, near);
    if (count == 0) {
      // Tokens that are near each other may all be of one kind.
      const std::vector<uint32_t> some = samples(estimates, tokens.count);
      chosen.insert(chosen.end(), some.begin(), some.end());
      std::sort(chosen.begin(), chosen.end());
      chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
    }
    std::erase_if(chosen, [&](uint32_t token) { return settled[token]; });
    if (chosen.empty()) return true;
    count += chosen.size();
    // Tokens that repeat have energies that are alike: all of them once more cost less than each for itself.
    if (count > tokens.count / 8) return false;
    for (const uint32_t token : chosen) settled[token] = true;
    const double off = settle(tokens, chosen, margin, threads, [&](size_t token) { return estimates.square(token); }, means);
    if (off > kMostOff) return false;
    if (kTimesOff * off <= near) return true;
    near = kTimesOff * off;
  }
}

// Cosines are off, and nearly all of what that changes of a mean is the sum of the differences times the terms' derivative: the sum is known, and the derivative varies little.
template <typename Tokens, typename Score>
void by_estimates(const TokenRows& tokens, const Tokens& estimates, float margin, size_t ranked, unsigned threads, size_t together, double* means, Score score) {
  double slope;
  energies_of(tokens.count, margin, threads, means, together, &slope, score);
  for (size_t i = 0; i < tokens.count; ++i) means[i] += slope * estimates.left_out(i);
  if (!settle_near(tokens, estimates, margin, ranked, threads, means)) by_tiles(tokens, margin, threads, means);
}

void by_fine_bytes(const TokenRows& tokens, float margin, size_t ranked, unsigned threads, double* means) {
  static const auto score = MERGANSER_SELECT(fine_scores);
  const FineTokens fine(tokens, Similarity::cosine, threads, true);
  const FineColumns columns(fine, nullptr, tokens.count, threads);
  by_estimates(tokens, fine, margin, ranked, threads, threads == 1 ? kTogether : 1, means, [&](size_t first, size_t) {
    return [&fine, &columns, first](size_t column, size_t some, size_t rows, float* scores) {
      score(fine.rows(first, rows), columns.view(column / kFinePair, (some + kFinePair - 1) / kFinePair), fine.shape(), scores, kColumns);
    };
  });
}

void by_words(const TokenRows& tokens, float margin, size_t ranked, unsigned threads, double* means) {
  static const auto score = MERGANSER_SELECT(word_scores);
  const WordTokens words(tokens, threads);
  by_estimates(tokens, words, margin, ranked, threads, threads == 1 ? kTogether : 1, means, [&](size_t first, size_t) {
    return [&words, first](size_t column, size_t some, size_t rows, float* scores) { score(words.rows(first, rows), words.panels(column / kPanel, (some + kPanel - 1) / kPanel), scores, kColumns); };
  });
}

}  // namespace

void mean_elu(const TokenRows& tokens, float margin, size_t ranked, unsigned threads, double* means) {
  const bool estimates = tokens.count <= kMostTokens && tokens.dims >= kLeastDims;
  if (estimates && FineTokens::tiles_pay(tokens.count, tokens.dims)) by_fine_bytes(tokens, margin, ranked, threads, means);
  else if (estimates && WordTokens::pays(tokens.count, tokens.dims)) by_words(tokens, margin, ranked, threads, means);
  else by_tiles(tokens, margin, threads, means);
}

}  // namespace merganser::reduction
