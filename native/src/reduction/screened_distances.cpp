// Distances that matter, by what two bytes a number leave of all: of 1,024 tokens a few more than there are asked for. Those are computed as pairs, in single precision.
//
// What two bytes leave of long tokens is computed once for each pair and stays in memory; of short tokens all of it takes less time for each question than reading it would. Where one byte takes much less
// time than two, bounds by the first dimensions in one byte stay in memory instead, if these leave little for two bytes to be asked about.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <optional>

#include "merganser/parallel/parallel_for.hpp"
#include "merganser/reduction/byte_tokens.hpp"
#include "merganser/reduction/distance_rows.hpp"
#include "merganser/reduction/distances.hpp"
#include "merganser/reduction/fine_tokens.hpp"
#include "merganser/reduction/greatest_scores.hpp"
#include "merganser/reduction/pair_squares.hpp"
#include "merganser/reduction/peak_distances.hpp"

namespace merganser::reduction {
namespace {

constexpr float kInfinite = std::numeric_limits<float>::infinity();
// Rows of a piece, columns that are scored at a time, and columns that a row has room for.
constexpr size_t kRows = 64, kColumns = 128, kPairs = kColumns / kFinePair, kRoom = 96, kMostAtOnce = 16, kColumnsOfSquares = 64;
// From so many dimensions on what two bytes leave is kept.
constexpr size_t kLeastKept = 256;
// Bounds by bytes are of half of the dimensions, if these leave two bytes no more than one in so many columns.
constexpr size_t kOneIn = 12, kDimsOfPart = 16;

// Columns that may have one of the `few` greatest scores of a row.
class Candidates {
 public:
  explicit Candidates(size_t few, float margin) : few_(few), slack_(2 * margin) {}

  // Scores that will be taken: what is too little is known before.
  void expect(const float* scores, size_t count, const float* ranks, float rank) {
    static const auto floor = MERGANSER_SELECT(floor_of_greatest);
    if (few_ <= kMostAtOnce) threshold_ = std::max(threshold_, floor(scores, count, ranks, rank, few_) - slack_);
  }
  // False: there are too many.
  bool take(const float* scores, const float* ranks, float rank, size_t column) {
    static const auto above = MERGANSER_SELECT(take_above);
    size_ = above(scores, kColumns, ranks, rank, threshold_, static_cast<uint32_t>(column), columns_, values_, size_);
    return size_ <= kRoom / 2 || (shrink() && size_ <= kRoom);
  }
  // Those that are left. False: there are too many, or too few, as tokens of lengths near the greatest numbers have scores that are none.
  bool finish() { return size_ >= few_ && shrink() && size_ <= kRoom; }
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  uint32_t column(size_t i) const { return columns_[i]; }
  // They were numbered as places of a list.
  void rename(const uint32_t* list) {
    for (size_t i = 0; i < size_; ++i) columns_[i] = list[columns_[i]];
  }

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
  const uint32_t* columns;  // tokens; null: all of them
  size_t column_count;
  const uint32_t* rows;  // null: all of them
  size_t count;          // of rows
  const float* ranks;    // unless null: a token looks at those of a lower rank only
  size_t few;
  bool measured;  // whether squares matter, even of a column that is alone
  // Rows and columns are the tokens, in order.
  bool of_all() const { return !rows && !columns; }
  uint32_t row(size_t i) const { return rows ? rows[i] : static_cast<uint32_t>(i); }
  uint32_t column(size_t i) const { return columns ? columns[i] : static_cast<uint32_t>(i); }
};

class ScreenedDistances final : public PeakDistances {
 public:
  ScreenedDistances(const TokenRows& tokens, unsigned threads)
      : tokens_(tokens), threads_(threads), room_((tokens.count + kColumns - 1) / kColumns * kColumns), fine_(tokens, Similarity::euclidean, threads), kept_(tokens.dims >= kLeastKept) {
    if (!kept_) {
      all_.emplace(fine_, nullptr, tokens.count, threads);
      return;
    }
  }

  bool small() const override { return fine_.small(); }

  bool least(size_t few, float* squares) override {
    few_ = few;
    if (kept_) keep();
    near_.assign(tokens_.count * few, {});
    return answer({nullptr, tokens_.count, nullptr, tokens_.count, nullptr, few, true}, [&](size_t token, Near* found, size_t count) {
      std::partial_sort(found, found + few, found + count, nearer);
      std::copy_n(found, few, near_.data() + token * few);
      for (size_t i = 0; i < few; ++i) squares[token * few + i] = found[i].square;
    });
  }

  bool least_before(const uint32_t* order, float* squares) override {
    std::vector<float> ranks(room_, kInfinite);
    for (size_t place = 0; place < tokens_.count; ++place) ranks[order[place]] = static_cast<float>(place);
    // All others are no nearer than the nearest ones that are known: the first of these that stands before is the answer.
    std::vector<uint32_t> left;
    for (size_t place = 0; place < tokens_.count; ++place) {
      const Near *const first = near_.data() + order[place] * few_, *const last = first + few_;
      const Near* const found = std::find_if(first, last, [&](const Near& near) { return ranks[near.place] < static_cast<float>(place); });
      squares[place] = found < last ? found->square : kInfinite;
      if (found == last && place > 0) left.push_back(order[place]);
    }
    return answer({nullptr, tokens_.count, left.data(), left.size(), ranks.data(), 1, true}, [&](size_t token, Near* found, size_t count) {
      squares[static_cast<size_t>(ranks[token])] = std::min_element(found, found + count, nearer)->square;
    });
  }

  bool nearest_of(const std::vector<uint32_t>& chosen, uint32_t* places) override {
    return answer({chosen.data(), chosen.size(), nullptr, tokens_.count, nullptr, 1, false},
                  [&](size_t token, Near* found, size_t count) { places[token] = std::min_element(found, found + count, nearer)->place; });
  }

 private:
  // Columns that bytes leave open for a row, and their squares by two bytes, less than 0, in room that is -kInfinite behind them.
  struct Open {
    std::vector<uint32_t> columns, tokens;
    std::vector<float> bounds, squares;
  };

  // Squares of all pairs, less than 0, or what they are at most but for a margin.
  void keep() {
    memory_.reserve(tokens_.count * room_ * sizeof(float), 0);
    float* const squares = reinterpret_cast<float*>(memory_.data());
    if (ByteTokens::pay() && fine_.small() && few_ <= kMostAtOnce) bytes_ = std::make_unique<ByteTokens>(tokens_, fine_, whole(tokens_.dims / 2, kDimsOfPart), threads_);
    if (bytes_ && !leaves_few(*bytes_, squares)) bytes_.reset();
    if (bytes_) negative_squares(*bytes_, tokens_.count, threads_, squares, room_);
    else negative_squares(fine_, tokens_.count, threads_, squares, room_);
    for (size_t row = 0; row < tokens_.count; ++row) std::fill(squares + row * room_ + tokens_.count, squares + (row + 1) * room_, -kInfinite);
  }

  // Whether two bytes have little to do after these, by some of the tokens.
  bool leaves_few(const ByteTokens& bytes, float* scratch) const {
    static const auto score = MERGANSER_SELECT(byte_scores);
    static const auto to_squares = MERGANSER_SELECT(scores_to_squares);
    constexpr size_t kTurns = 2, kTogether = 6;
    size_t left = 0;
    for (size_t turn = 0; turn < kTurns; ++turn) {
      const size_t first = (2 * turn + 1) * tokens_.count / (2 * kTurns);
      std::fill_n(scratch, kTogether * room_, -kInfinite);
      score(bytes.rows(first, kTogether), bytes.panels(), 0, bytes.panels().count, scratch, room_);
      float lengths[kTogether];
      for (size_t row = 0; row < kTogether; ++row) lengths[row] = static_cast<float>(bytes.square(first + row));
      for (size_t column = 0; column < room_; column += kColumnsOfSquares) to_squares(scratch + column, room_, kTogether, lengths, -1);
      Open open;
      for (size_t row = 0; row < kTogether; ++row) {
        find_open({nullptr, tokens_.count, nullptr, 0, nullptr, few_, true}, static_cast<uint32_t>(first + row), scratch + row * room_, room_, open);
        left += open.columns.size();
      }
    }
    return left * kOneIn <= kTurns * kTogether * tokens_.count;
  }

  // Appends columns whose bounds are above the one and not above the other, and their squares by two bytes.
  void append_open(const Question& question, uint32_t token, const float* bounds, size_t room, float above, float most, Open& open) const {
    static const auto take = MERGANSER_SELECT(take_above);
    const size_t before = open.columns.size();
    open.columns.resize(before + room);
    open.bounds.resize(before + room);
    const size_t end = take(bounds, room, question.ranks, question.ranks ? question.ranks[token] : 0, above, 0, open.columns.data(), open.bounds.data(), before);
    size_t size = before;
    for (size_t i = before; i < end; ++i) {
      if (!(open.bounds[i] <= most)) continue;
      open.columns[size] = open.columns[i];
      open.bounds[size++] = open.bounds[i];
    }
    open.columns.resize(size);
    open.tokens.resize(size);
    open.squares.resize(size);
    for (size_t i = before; i < size; ++i) open.tokens[i] = question.column(open.columns[i]);
    float* const squares = open.squares.data() + before;
    fine_.squares(&token, 1, open.tokens.data() + before, size - before, &squares);
    for (size_t i = before; i < size; ++i) open.squares[i] = -open.squares[i];
  }

  // Those with the greatest bounds first: by their squares it is known which others may be as near.
  void find_open(const Question& question, uint32_t token, const float* bounds, size_t room, Open& open) const {
    static const auto floor = MERGANSER_SELECT(floor_of_greatest);
    open.columns.clear();
    const float first = std::nextafter(floor(bounds, room, question.ranks, question.ranks ? question.ranks[token] : 0, question.few), -kInfinite);
    append_open(question, token, bounds, room, first, kInfinite, open);
    if (open.squares.size() >= question.few) {
      std::vector<float> squares = open.squares;
      std::nth_element(squares.begin(), squares.begin() + static_cast<ptrdiff_t>(question.few) - 1, squares.end(), std::greater<float>());
      const float least = squares[question.few - 1] - fine_.square_margin(token) - bytes_->square_margin(token);
      if (least < first) append_open(question, token, bounds, room, least, first, open);
    }
    open.squares.resize(whole(open.squares.size(), kColumns), -kInfinite);
  }

  // Of a row whose squares, or bounds, are known.
  static bool take_all(const Question& question, uint32_t token, const float* squares, size_t room, Candidates& candidates) {
    const float rank = question.ranks ? question.ranks[token] : 0;
    candidates.expect(squares, room, question.ranks, rank);
    for (size_t column = 0; column < room; column += kColumns) {
      if (!candidates.take(squares + column, question.ranks ? question.ranks + column : nullptr, rank, column)) return false;
    }
    return candidates.finish();
  }

  // Calls visit(token, columns that may be among the nearest, their number) for each row. Squares of single columns are missing if they do not matter.
  template <typename Visit>
  bool answer(const Question& question, Visit visit) {
    std::optional<FineColumns> chosen;
    if (!kept_ && question.columns) chosen.emplace(fine_, question.columns, question.column_count, threads_);
    std::atomic<bool> good{question.few <= kRoom / 2 && fine_.small()};
    parallel::parallel_for(threads_, (question.count + kRows - 1) / kRows, [&](size_t piece) {
      if (!good) return;
      const size_t first = piece * kRows, rows = std::min(kRows, question.count - first);
      std::vector<Candidates> candidates;
      candidates.reserve(rows);
      for (size_t row = first; row < first + rows; ++row) candidates.emplace_back(question.few, kept_ ? fine_.square_margin(question.row(row)) : fine_.margin(question.row(row)));
      if (kept_ ? find_kept(question, first, rows, candidates.data()) : find(question, chosen ? *chosen : *all_, first, rows, candidates.data())) measure(question, first, candidates, visit);
      else good = false;
    });
    return good;
  }

  // Candidates of some rows. False: there are too many.
  bool find(const Question& question, const FineColumns& columns, size_t first, size_t rows, Candidates* candidates) const {
    static const auto score = MERGANSER_SELECT(fine_scores);
    FineTokens::Gathered gathered;
    if (question.rows) gathered = fine_.gather(question.rows + first, rows);
    const FineRows fine = question.rows ? gathered.rows() : fine_.rows(first, rows);
    alignas(64) float scores[kRows * kColumns];
    const size_t pairs = columns.pairs(), turns = (pairs + kPairs - 1) / kPairs, near = question.row(first) * turns / tokens_.count;
    for (size_t turn = 0; turn < turns; ++turn) {
      // Tokens at the same place are often alike: the sooner great scores are found, the fewer candidates there are meanwhile.
      const size_t pair = (near + turn) % turns * kPairs, some = std::min(kPairs, pairs - pair), column = pair * kFinePair;
      if (some < kPairs) std::fill_n(scores, kRows * kColumns, -kInfinite);
      score(fine, columns.view(pair, some), fine_.shape(), scores, kColumns);
      for (size_t row = 0; row < rows; ++row) {
        const float *const ranks = question.ranks ? question.ranks + column : nullptr, rank = question.ranks ? question.ranks[question.row(first + row)] : 0;
        if (candidates[row].empty()) candidates[row].expect(scores + row * kColumns, kColumns, ranks, rank);
        if (!candidates[row].take(scores + row * kColumns, ranks, rank, column)) return false;
      }
    }
    return std::all_of(candidates, candidates + rows, [](Candidates& each) { return each.finish(); });
  }

  // The same of what is kept.
  bool find_kept(const Question& question, size_t first, size_t rows, Candidates* candidates) const {
    const size_t room = (question.column_count + kColumns - 1) / kColumns * kColumns;
    std::vector<float> some(question.columns ? room : 0, -kInfinite);
    Open open;
    for (size_t row = 0; row < rows; ++row) {
      const uint32_t token = question.row(first + row);
      const float* scores = reinterpret_cast<const float*>(memory_.data()) + token * room_;
      for (size_t i = 0; question.columns && i < question.column_count; ++i) some[i] = scores[question.columns[i]];
      if (question.columns) scores = some.data();
      if (!bytes_) {
        if (!take_all(question, token, scores, room, candidates[row])) return false;
        continue;
      }
      find_open(question, token, scores, room, open);
      if (!take_all({nullptr, 0, nullptr, 0, nullptr, question.few, true}, token, open.squares.data(), open.squares.size(), candidates[row])) return false;
      candidates[row].rename(open.columns.data());
    }
    return true;
  }

  template <typename Visit>
  void measure(const Question& question, size_t first, const std::vector<Candidates>& candidates, Visit visit) const {
    constexpr uint32_t kNone = UINT32_MAX;
    std::vector<TokenPair> pairs;
    // For each candidate its pair; none has a token with itself, or one whose square does not matter.
    std::vector<uint32_t> pair_of, begins;
    for (size_t row = 0; row < candidates.size(); ++row) {
      begins.push_back(static_cast<uint32_t>(pair_of.size()));
      const uint32_t token = question.row(first + row);
      for (size_t i = 0; i < candidates[row].size(); ++i) {
        const uint32_t other = question.column(candidates[row].column(i));
        uint32_t pair = kNone;
        if (other != token && (question.measured || candidates[row].size() > 1)) {
          // Of neighbours each is often among the other's nearest.
          const size_t before = other - first;
          if (question.of_all() && other >= first && before < row) pair = known(candidates[before], token, pair_of.data() + begins[before]);
          if (pair == kNone) {
            pair = static_cast<uint32_t>(pairs.size());
            pairs.push_back({token, other});
          }
        }
        pair_of.push_back(pair);
      }
    }
    std::vector<float> squares(pairs.size());
    pair_squares(tokens_, fine_, pairs.data(), pairs.size(), squares.data());
    Near found[kRoom];
    for (size_t row = 0; row < candidates.size(); ++row) {
      const size_t count = candidates[row].size();
      for (size_t i = 0; i < count; ++i) {
        const uint32_t pair = pair_of[begins[row] + i];
        found[i] = {candidates[row].column(i), pair == kNone ? 0 : squares[pair]};
      }
      visit(question.row(first + row), found, count);
    }
  }

  // The pair of a candidate, if it is one.
  static uint32_t known(const Candidates& candidates, uint32_t column, const uint32_t* pair_of) {
    for (size_t i = 0; i < candidates.size(); ++i) {
      if (candidates.column(i) == column) return pair_of[i];
    }
    return UINT32_MAX;
  }

  const TokenRows& tokens_;
  const unsigned threads_;
  const size_t room_;
  const FineTokens fine_;
  const bool kept_;
  std::optional<FineColumns> all_;
  std::unique_ptr<ByteTokens> bytes_;  // unless null: what is kept are bounds by these
  parallel::KeptBuffer memory_;  // less than 0: squares of all pairs
  size_t few_ = 0;
  std::vector<Near> near_;
};

}  // namespace

std::unique_ptr<PeakDistances> PeakDistances::screened(const TokenRows& tokens, unsigned threads) {
  if (!FineTokens::pays(tokens.count, tokens.dims) || tokens.count > kMostOfMatrix) return nullptr;
  return std::make_unique<ScreenedDistances>(tokens, threads);
}

}  // namespace merganser::reduction
