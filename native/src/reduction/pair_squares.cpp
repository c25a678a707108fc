#include "merganser/reduction/pair_squares.hpp"

#include <algorithm>

#include "merganser/clustering/score_chains.hpp"

namespace merganser::reduction {

using clustering::kPanel;

// The token that comes first is the row, the other one the column.
void pair_squares(const TokenRows& tokens, const FineTokens& fine, const TokenPair* pairs, size_t count, float* squares) {
  static const auto add = MERGANSER_SELECT_FROM(clustering::, add_chains);
  float ones[kPanel];
  std::fill_n(ones, kPanel, 1.f);
  for (size_t first = 0; first < count; first += kPanel) {
    const float *rows[kPanel], *columns[kPanel];
    alignas(64) float scores[kPanel];
    const size_t some = std::min(kPanel, count - first);
    for (size_t i = 0; i < kPanel; ++i) {
      // The last one is repeated where there are not sixteen.
      const auto [left, right] = std::minmax(pairs[first + std::min(i, some - 1)].first, pairs[first + std::min(i, some - 1)].second);
      rows[i] = tokens.row(left);
      columns[i] = tokens.row(right);
      scores[i] = fine.half(right);
    }
    add(rows, ones, columns, ones, tokens.dims, scores);
    for (size_t i = 0; i < some; ++i) {
      const TokenPair& pair = pairs[first + i];
      const float square = static_cast<float>(fine.square(std::min(pair.first, pair.second))) - 2 * scores[i];
      squares[first + i] = pair.first != pair.second && square > 0 ? square : 0;
    }
  }
}

}  // namespace merganser::reduction
