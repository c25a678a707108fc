// Distances that matter, by what two bytes a number leave of all: of 1,024 tokens a few more than there are asked for. Those are computed as pairs, in single precision.
#include <algorithm>
#include <atomic>
#include <functional>
#include <limits>

#include "merganser/parallel/parallel_for.hpp"
#include "merganser/reduction/fine_tokens.hpp"
#include "merganser/reduction/pair_squares.hpp"
#include "merganser/reduction/peak_distances.hpp"

namespace merganser::reduction {
namespace {

constexpr float kInfinite = std::numeric_limits<float>::infinity();
// Rows of a piece, columns that are scored at a time, and columns that a row has room for.
constexpr size_t kRows = 64, kColumns = 128, kPairs = kColumns / kFinePair, kRoom = 96, kMostAtOnce = 16;

// Columns that may have one of the `few` greatest scores of a row.
class Candidates {
 public:
  explicit Candidates(size_t few, float margin) : few_(few), slack_(2 * margin) {}

  // False: there are too many.
  bool take(const float* scores, const float* ranks, float rank, size_t column) {
    static const auto above = MERGANSER_SELECT(take_above);
    static const auto floor = MERGANSER_SELECT(floor_of_greatest);
    if (size_ == 0 && few_ <= kMostAtOnce) threshold_ = std::max(threshold_, floor(scores, kColumns, ranks, rank, few_) - slack_);
    size_ = above(scores, kColumns, ranks, rank, threshold_, static_cast<uint32_t>(column), columns_, values_, size_);
    return size_ <= kRoom / 2 || (shrink() && size_ <= kRoom);
  }
  // Those that are left. False: there are too many, or too few, as tokens of lengths near the greatest numbers have scores that are none.
  bool finish() { return size_ >= few_ && shrink() && size_ <= kRoom; }
  size_t size() const { return size_; }
  uint32_t column(size_t i) const { return columns_[i]; }

 private:
  bool shrink() {
    if (size_ <= few_) return true;
    if (few_ > kRoom) return false;
    float sorted[kRoom + kColumns];
    std::copy_n(values_, size_, sorted);
    std::nth_element(sorted, sorted + few_ - 1, sorted + size_, std::greater<float>());
    threshold_ = std::max(threshold_, sorted[few_ - 1] - slack_);
    size_t left = 0;
    for (size_t i = 0; i < size_; ++i) {
      if (values_[i] < threshold_) continue;
      columns_[left] = columns_[i];
      values_[left++] = values_[i];
    }
    size_ = left;
    return true;
  }

  size_t few_, size_ = 0;
  float slack_, threshold_ = -1e38f;
  uint32_t columns_[kRoom + kColumns];
  float values_[kRoom + kColumns];
};

struct Near {
  uint32_t place;  // among the columns
  float square;
};

bool nearer(const Near& a, const Near& b) { return a.square < b.square || (a.square == b.square && a.place < b.place); }

// Which rows look at which columns for what.
struct Question {
  const FineColumns& columns;
  const uint32_t* columns_are;  // tokens; null: all of them
  const uint32_t* rows;         // null: all of them
  size_t count;                 // of rows
  const float* ranks;           // unless null: a token looks at those of a lower rank only
  size_t few;
  bool measured;  // whether squares matter, even of a column that is alone
  uint32_t row(size_t i) const { return rows ? rows[i] : static_cast<uint32_t>(i); }
  uint32_t column(size_t i) const { return columns_are ? columns_are[i] : static_cast<uint32_t>(i); }
};

class ScreenedDistances final : public PeakDistances {
 public:
  ScreenedDistances(const TokenRows& tokens, unsigned threads)
      : tokens_(tokens), threads_(threads), fine_(tokens, Similarity::euclidean, 2, threads), all_(fine_, nullptr, tokens.count, threads) {}

  bool least(size_t few, float* squares) override {
    few_ = few;
    near_.assign(tokens_.count * few, {});
    return answer({all_, nullptr, nullptr, tokens_.count, nullptr, few, true}, [&](size_t token, Near* found, size_t count) {
      std::partial_sort(found, found + few, found + count, nearer);
      std::copy_n(found, few, near_.data() + token * few);
      for (size_t i = 0; i < few; ++i) squares[token * few + i] = found[i].square;
    });
  }

  bool least_before(const uint32_t* order, float* squares) override {
    std::vector<float> ranks(all_.pairs() * kFinePair + kColumns, kInfinite);
    for (size_t place = 0; place < tokens_.count; ++place) ranks[order[place]] = static_cast<float>(place);
    // All others are no nearer than the nearest ones that are known: the first of these that stands before is the answer.
    std::vector<uint32_t> left;
    for (size_t place = 0; place < tokens_.count; ++place) {
      const Near *const first = near_.data() + order[place] * few_, *const last = first + few_;
      const Near* const found = std::find_if(first, last, [&](const Near& near) { return ranks[near.place] < static_cast<float>(place); });
      squares[place] = found < last ? found->square : kInfinite;
      if (found == last && place > 0) left.push_back(order[place]);
    }
    return answer({all_, nullptr, left.data(), left.size(), ranks.data(), 1, true}, [&](size_t token, Near* found, size_t count) {
      squares[static_cast<size_t>(ranks[token])] = std::min_element(found, found + count, nearer)->square;
    });
  }

  bool nearest_of(const std::vector<uint32_t>& chosen, uint32_t* places) override {
    const FineColumns columns(fine_, chosen.data(), chosen.size(), threads_);
    return answer({columns, chosen.data(), nullptr, tokens_.count, nullptr, 1, false},
                  [&](size_t token, Near* found, size_t count) { places[token] = std::min_element(found, found + count, nearer)->place; });
  }

 private:
  // Calls visit(token, columns that may be among the nearest, their number) for each row. Squares of single columns are missing if they do not matter.
  template <typename Visit>
  bool answer(const Question& question, Visit visit) {
    std::atomic<bool> good{question.few <= kRoom / 2};
    parallel::parallel_for(threads_, (question.count + kRows - 1) / kRows, [&](size_t piece) {
      if (!good) return;
      const size_t first = piece * kRows, rows = std::min(kRows, question.count - first);
      std::vector<Candidates> candidates;
      candidates.reserve(rows);
      for (size_t row = first; row < first + rows; ++row) candidates.emplace_back(question.few, fine_.margin(question.row(row)));
      if (find(question, first, rows, candidates.data())) measure(question, first, candidates, visit);
      else good = false;
    });
    return good;
  }

  // Candidates of some rows. False: there are too many.
  bool find(const Question& question, size_t first, size_t rows, Candidates* candidates) const {
    static const auto score = MERGANSER_SELECT(fine_scores);
    FineTokens::Gathered gathered;
    if (question.rows) gathered = fine_.gather(question.rows + first, rows);
    const FineRows fine = question.rows ? gathered.rows() : fine_.rows(first, rows);
    alignas(64) float scores[kRows * kColumns];
    const size_t pairs = question.columns.pairs(), turns = (pairs + kPairs - 1) / kPairs, near = question.row(first) * turns / tokens_.count;
    for (size_t turn = 0; turn < turns; ++turn) {
      // Tokens at the same place are often alike: the sooner great scores are found, the fewer candidates there are meanwhile.
      const size_t pair = (near + turn) % turns * kPairs, some = std::min(kPairs, pairs - pair), column = pair * kFinePair;
      if (some < kPairs) std::fill_n(scores, kRows * kColumns, -kInfinite);
      score(fine, question.columns.view(pair, some), fine_.shape(), scores, kColumns);
      for (size_t row = 0; row < rows; ++row) {
        const float *const ranks = question.ranks ? question.ranks + column : nullptr, rank = question.ranks ? question.ranks[question.row(first + row)] : 0;
        if (!candidates[row].take(scores + row * kColumns, ranks, rank, column)) return false;
      }
    }
    return std::all_of(candidates, candidates + rows, [](Candidates& each) { return each.finish(); });
  }

  template <typename Visit>
  void measure(const Question& question, size_t first, const std::vector<Candidates>& candidates, Visit visit) const {
    const auto matters = [&](const Candidates& each) { return question.measured || each.size() > 1; };
    std::vector<TokenPair> pairs;
    for (size_t row = 0; row < candidates.size(); ++row) {
      for (size_t i = 0; matters(candidates[row]) && i < candidates[row].size(); ++i) pairs.push_back({question.row(first + row), question.column(candidates[row].column(i))});
    }
    std::vector<float> squares(pairs.size());
    pair_squares(tokens_, fine_, pairs.data(), pairs.size(), squares.data());
    const float* next = squares.data();
    Near found[kRoom];
    for (size_t row = 0; row < candidates.size(); ++row) {
      const size_t count = candidates[row].size();
      for (size_t i = 0; i < count; ++i) found[i] = {candidates[row].column(i), matters(candidates[row]) ? *next++ : 0};
      visit(question.row(first + row), found, count);
    }
  }

  const TokenRows& tokens_;
  const unsigned threads_;
  const FineTokens fine_;
  const FineColumns all_;
  size_t few_ = 0;
  std::vector<Near> near_;
};

}  // namespace

std::unique_ptr<PeakDistances> PeakDistances::screened(const TokenRows& tokens, unsigned threads) {
  if (!FineTokens::pays(tokens.count, tokens.dims) || tokens.count > kMostOfMatrix) return nullptr;
  return std::make_unique<ScreenedDistances>(tokens, threads);
}

}  // namespace merganser::reduction
