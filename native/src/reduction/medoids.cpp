#include "merganser/reduction/medoids.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "merganser/reduction/medoid_distances.hpp"

namespace merganser::reduction {
namespace {

constexpr float kInfinite = std::numeric_limits<float>::infinity();

// As the TypeScript backend adds them up.
double length_of(const float* row, size_t dims) {
  double sums[4] = {};
  const size_t whole = dims / 4 * 4;
  for (size_t i = 0; i < dims; ++i) sums[i < whole ? i % 4 : 0] += static_cast<double>(row[i]) * static_cast<double>(row[i]);
  return std::sqrt(sums[0] + sums[2] + (sums[1] + sums[3]));
}

// The first of the longest ones. square_of: what is known of them, in any order of sums.
template <typename SquareOf>
uint32_t longest_of(const TokenRows& tokens, SquareOf square_of) {
  std::vector<double> squares(tokens.count);
  for (size_t i = 0; i < tokens.count; ++i) squares[i] = square_of(i);
  // Those that another order of sums may have made shorter are measured anew.
  const double least = *std::max_element(squares.begin(), squares.end()) * (1 - static_cast<double>(tokens.dims) * 0x1p-48);
  uint32_t longest = 0;
  double most = -1;
  for (size_t i = 0; i < tokens.count; ++i) {
    if (squares[i] < least) continue;
    const double length = length_of(tokens.row(i), tokens.dims);
    if (length > most) longest = static_cast<uint32_t>(i), most = length;
  }
  return longest;
}

// One run; each step is false if too much is left open.
class Run {
 public:
  // points: the tokens, for cosines at unit length.
  Run(const TokenRows& tokens, const TokenRows& points, bool exactly, size_t medoids, unsigned threads)
      : tokens_(tokens), count_(tokens.count), cosine_(points.data != tokens.data), distances_(points, exactly, threads), medoids_(medoids), source_(tokens.count), places_(tokens.count) {}

  bool small() const { return distances_.small(); }

  bool find(size_t most_iterations, uint32_t* chosen, uint32_t* source) {
    medoids_[0] = longest_of(tokens_, [&](size_t token) { return cosine_ || !distances_.knows_squares() ? squared_length(tokens_.row(token), tokens_.dims) : distances_.square(token); });
    if (!farthest_first()) return false;
    for (size_t iteration = 0; iteration < most_iterations; ++iteration) {
      const std::vector<uint32_t> before = source_, medoids = medoids_;
      if (!nearest() || !move(iteration > 0 ? &before : nullptr)) return false;
      if (medoids_ == medoids) break;
    }
    std::sort(medoids_.begin(), medoids_.end());
    if (!nearest()) return false;
    std::copy(medoids_.begin(), medoids_.end(), chosen);
    std::copy(source_.begin(), source_.end(), source);
    return true;
  }

 private:
  // Each time the one that is farthest from those that are chosen, the first of equal ones.
  bool farthest_first() {
    static const auto lower = MERGANSER_SELECT(lower_to);
    static const auto greatest = MERGANSER_SELECT(greatest_of);
    static const auto at_least = MERGANSER_SELECT(not_below);
    std::vector<float> low(count_, kInfinite), high(count_, kInfinite);
    for (size_t c = 1; c < medoids_.size(); ++c) {
      distances_.know(&medoids_[c - 1], 1);
      lower(distances_.row(medoids_[c - 1]), count_, low.data(), high.data());
      // Chosen tokens are not chosen again, not even where all others are equal to one.
      for (size_t i = 0; i < c; ++i) low[medoids_[i]] = high[medoids_[i]] = -1;
      const size_t open = at_least(high.data(), count_, greatest(low.data(), count_), places_.data());
      if (open > 1 && !measure(places_.data(), open, c, low, high)) return false;
      // Those that are open still are equal.
      uint32_t farthest = places_[0];
      for (size_t i = 1; i < open; ++i) {
        if (low[places_[i]] > low[farthest]) farthest = places_[i];
      }
      medoids_[c] = farthest;
    }
    return true;
  }

  // Makes the distances of some tokens to the nearest of the first `chosen` medoids exact.
  bool measure(const uint32_t* tokens, size_t count, size_t chosen, std::vector<float>& low, std::vector<float>& high) {
    pairs_.clear();
    for (size_t i = 0; i < count; ++i) {
      const uint32_t token = tokens[i];
      if (!(low[token] < high[token])) continue;
      const BoundedSquares row = distances_.row(token, medoids_.data(), chosen, room(4 * chosen));
      found_.resize(chosen);
      const float most = high[token];
      const size_t near = MERGANSER_SELECT(not_above)(row, chosen, constant(most, chosen), found_.data());
      for (size_t k = 0; k < near; ++k) pairs_.push_back({token, medoids_[found_[k]]});
      low[token] = high[token] = kInfinite;
    }
    if (!distances_.exactly(pairs_, squares_)) return false;
    for (size_t i = 0; i < pairs_.size(); ++i) low[pairs_[i].first] = high[pairs_[i].first] = std::min(low[pairs_[i].first], squares_[i]);
    return true;
  }

  // Each token's nearest medoid, of equal ones the first; a medoid is its own.
  bool nearest() {
    static const auto lower = MERGANSER_SELECT(lower_highest);
    static const auto may_be = MERGANSER_SELECT(not_above);
    std::vector<float> high(count_, kInfinite);
    distances_.know(medoids_.data(), medoids_.size());
    for (const uint32_t medoid : medoids_) lower(distances_.row(medoid), count_, high.data());
    // Of medoids that are left open the first stands in `source_`.
    std::vector<uint32_t> open(count_);
    pairs_.clear();
    std::vector<uint32_t> places_of_pairs;
    for (uint32_t place = 0; place < medoids_.size(); ++place) {
      const size_t found = may_be(distances_.row(medoids_[place]), count_, high.data(), places_.data());
      for (size_t i = 0; i < found; ++i) {
        const uint32_t token = places_[i];
        if (open[token]++ == 0) {
          source_[token] = place;
          continue;
        }
        if (open[token] == 2) pairs_.push_back({token, medoids_[source_[token]]}), places_of_pairs.push_back(source_[token]);
        pairs_.push_back({token, medoids_[place]}), places_of_pairs.push_back(place);
      }
    }
    if (!distances_.exactly(pairs_, squares_)) return false;
    std::fill(high.begin(), high.end(), kInfinite);
    // Pairs of a token stand in the order of the medoids.
    for (size_t i = 0; i < pairs_.size(); ++i) {
      const uint32_t token = pairs_[i].first;
      if (squares_[i] < high[token]) high[token] = squares_[i], source_[token] = places_of_pairs[i];
    }
    for (uint32_t place = 0; place < medoids_.size(); ++place) source_[medoids_[place]] = place;
    return true;
  }

  // Each cluster's medoid becomes the member with the least sum of distances. `before`: clusters that are the same as there keep theirs.
  bool move(const std::vector<uint32_t>* before) {
    std::vector<uint32_t> offsets(medoids_.size() + 1), members(count_);
    for (const uint32_t place : source_) ++offsets[place + 1];
    for (size_t c = 0; c < medoids_.size(); ++c) offsets[c + 1] += offsets[c];
    std::vector<uint32_t> next(offsets.begin(), offsets.end() - 1);
    std::vector<uint8_t> changed(medoids_.size(), before == nullptr);
    for (uint32_t token = 0; token < count_; ++token) {
      members[next[source_[token]]++] = token;
      if (before && (*before)[token] != source_[token]) changed[(*before)[token]] = changed[source_[token]] = 1;
    }
    for (size_t c = 0; c < medoids_.size(); ++c) {
      if (changed[c] && !middle_of(members.data() + offsets[c], offsets[c + 1] - offsets[c], medoids_[c])) return false;
    }
    return true;
  }

  bool middle_of(const uint32_t* members, size_t count, uint32_t& middle) {
    static const auto bound = MERGANSER_SELECT(bound_sums);
    middle = members[0];
    // Both sums of two are the same.
    if (count <= 2) return true;
    std::vector<float> low(count), high(count);
    distances_.within(members, count, within_);
    for (size_t i = 0; i < count; ++i) bound(within_.row(i), count, !cosine_, &low[i], &high[i]);
    const float most = *std::min_element(high.begin(), high.end());
    std::vector<uint32_t> open;
    for (size_t i = 0; i < count; ++i) {
      if (low[i] <= most) open.push_back(members[i]);
    }
    middle = open[0];
    if (open.size() == 1) return true;
    pairs_.clear();
    for (const uint32_t token : open) {
      for (size_t i = 0; i < count; ++i) pairs_.push_back({token, members[i]});
    }
    if (!distances_.exactly(pairs_, squares_)) return false;
    double least = std::numeric_limits<double>::infinity();
    for (size_t k = 0; k < open.size(); ++k) {
      double sum = 0;
      for (size_t i = k * count; i < (k + 1) * count; ++i) sum += cosine_ ? static_cast<double>(squares_[i]) : std::sqrt(static_cast<double>(squares_[i]));
      if (sum < least) middle = open[k], least = sum;
    }
    return true;
  }

  float* room(size_t numbers) {
    if (room_.size() < numbers) room_.resize(numbers);
    return room_.data();
  }
  const float* constant(float value, size_t numbers) {
    constant_.assign(numbers, value);
    return constant_.data();
  }

  const TokenRows& tokens_;
  const size_t count_;
  const bool cosine_;
  MedoidDistances distances_;
  MedoidDistances::Within within_;
  std::vector<uint32_t> medoids_, source_, places_, found_;
  std::vector<TokenPair> pairs_;
  std::vector<float> squares_, room_, constant_;
};

std::vector<float> unit_rows(const TokenRows& tokens) {
  std::vector<float> rows(tokens.count * tokens.dims);
  for (size_t token = 0; token < tokens.count; ++token) {
    const float* const from = tokens.row(token);
    const double length = length_of(from, tokens.dims);
    if (length > 0) std::transform(from, from + tokens.dims, rows.begin() + token * tokens.dims, [&](float value) { return static_cast<float>(static_cast<double>(value) / length); });
  }
  return rows;
}

}  // namespace

float find_medoids(const TokenRows& tokens, bool cosine, size_t most_iterations, size_t medoids, unsigned threads, uint32_t* chosen, uint32_t* source) {
  const auto measure = [&] { return greatest_magnitude(tokens.data, tokens.count * tokens.dims, threads); };
  const std::vector<float> unit = cosine ? unit_rows(tokens) : std::vector<float>();
  const TokenRows points = cosine ? TokenRows{unit.data(), nullptr, tokens.count, tokens.dims} : tokens;
  const bool bounded = MedoidDistances::may_bound(points);
  float greatest = cosine || !bounded ? measure() : 0;
  if (!(static_cast<double>(greatest) < kMostMagnitude)) return greatest;
  if (bounded) {
    Run run(tokens, points, false, medoids, threads);
    if (!cosine && !run.small()) greatest = measure();
    if (!(static_cast<double>(greatest) < kMostMagnitude) || run.find(most_iterations, chosen, source)) return greatest;
  }
  Run(tokens, points, true, medoids, threads).find(most_iterations, chosen, source);
  return greatest;
}

}  // namespace merganser::reduction
