#include "merganser/reduction/density_peaks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "merganser/reduction/peak_distances.hpp"

namespace merganser::reduction {
namespace {

// A density of no less than its exponential, times the least distance that single precision has, is no subnormal number.
constexpr double kLeastExponent = -640;

// Indices of the numbers, the greatest first; of equal ones in order.
std::vector<uint32_t> descending(const std::vector<double>& values) {
  std::vector<uint32_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return values[a] > values[b]; });
  return order;
}

bool find_peaks(PeakDistances& distances, const TokenRows& tokens, size_t neighbours, size_t peaks, uint32_t* numbers, uint32_t* source) {
  const size_t count = tokens.count;
  std::vector<float> squares(count * neighbours);
  if (!distances.least(neighbours, squares.data())) return false;
  std::vector<double> density(count);
  for (size_t i = 0; i < count; ++i) {
    const double sum = std::accumulate(squares.begin() + i * neighbours, squares.begin() + (i + 1) * neighbours, 0.0);
    density[i] = -sum / static_cast<double>(neighbours) / static_cast<double>(tokens.dims);
  }
  // Where densities would vanish, all are compared by their logarithms, and scores, too: of those that would not, logarithms are of what they are rounded to.
  const bool by_logarithms = std::any_of(density.begin(), density.end(), [](double exponent) { return exponent < kLeastExponent; });
  std::transform(density.begin(), density.end(), density.begin(), [&](double exponent) {
    if (exponent < kLeastExponent) return exponent;
    return by_logarithms ? std::log(std::exp(exponent)) : std::exp(exponent);
  });
  const std::vector<uint32_t> order = descending(density);
  if (!distances.least_before(order.data(), squares.data())) return false;
  std::vector<double> scores(count);
  for (size_t place = 1; place < count; ++place) {
    const double own = density[order[place]], square = static_cast<double>(squares[place]);
    scores[order[place]] = by_logarithms ? own + std::log(square) / 2 : own * std::sqrt(square);
  }
  scores[order[0]] = std::numeric_limits<double>::infinity();
  std::vector<uint32_t> chosen = descending(scores);
  chosen.resize(peaks);
  std::sort(chosen.begin(), chosen.end());
  std::copy(chosen.begin(), chosen.end(), numbers);
  if (!distances.nearest_of(chosen, source)) return false;
  // A peak is its own, even beside an equal one.
  for (uint32_t place = 0; place < peaks; ++place) source[chosen[place]] = place;
  return true;
}

}  // namespace

float density_peaks(const TokenRows& tokens, size_t neighbours, size_t peaks, unsigned threads, uint32_t* numbers, uint32_t* source) {
  const auto screened = PeakDistances::screened(tokens, threads);
  const float greatest = screened && screened->small() ? 0 : greatest_magnitude(tokens.data, tokens.count * tokens.dims, threads);
  if (!(static_cast<double>(greatest) < kMostMagnitude)) return greatest;
  if (!screened || !find_peaks(*screened, tokens, neighbours, peaks, numbers, source)) find_peaks(*PeakDistances::computed(tokens, threads), tokens, neighbours, peaks, numbers, source);
  return greatest;
}

}  // namespace merganser::reduction
