#include "merganser/reduction/join_nearest.hpp"

#include <algorithm>
#include <bit>
#include <vector>

#include "merganser/reduction/nearest.hpp"

namespace merganser::reduction {
namespace {

constexpr uint32_t kStays = UINT32_MAX;

// Greater numbers have lesser keys; −0 has that of 0, and what is no number is above or below all.
uint32_t key_of(float number) {
  const auto bits = std::bit_cast<uint32_t>(number + 0.f);
  return bits >> 31 ? bits : ~bits & 0x7FFFFFFFu;
}

// Calls take(i) with the places of the `few` greatest, of equal ones the first.
template <typename Take>
void each_greatest(const std::vector<float>& numbers, size_t few, Take take) {
  if (few == 0) return;
  std::vector<uint32_t> keys(numbers.size());
  std::transform(numbers.begin(), numbers.end(), keys.begin(), key_of);
  std::vector<uint32_t> parted = keys;
  const auto last = parted.begin() + static_cast<ptrdiff_t>(few) - 1;
  std::nth_element(parted.begin(), last, parted.end());
  const uint32_t most = *last;
  auto equal = static_cast<size_t>(std::count(parted.begin(), last + 1, most));
  for (size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] < most || (keys[i] == most && equal > 0)) {
      equal -= keys[i] == most;
      take(i);
    }
  }
}

}  // namespace

size_t join_nearest(const TokenRows& candidates, const TokenRows& destinations, const Joining& joining, size_t tokens, unsigned threads, uint32_t* source) {
  // First, which token each one joins.
  std::fill_n(source, tokens, kStays);
  if (candidates.count > 0 && destinations.count > 0) {
    // Where all join, it does not matter how similar they are.
    const bool all = !joining.threshold && joining.remove == candidates.count;
    std::vector<uint32_t> columns(candidates.count);
    std::vector<float> cosines(all ? 0 : candidates.count);
    nearest_rows(candidates, destinations, Similarity::cosine, threads, columns.data(), all ? nullptr : cosines.data());
    const auto join = [&](size_t i) { source[candidates.rows[i]] = destinations.rows[columns[i]]; };
    if (all) {
      for (size_t i = 0; i < candidates.count; ++i) join(i);
    } else if (joining.threshold) {
      for (size_t i = 0; i < candidates.count; ++i) {
        if (static_cast<double>(cosines[i]) >= *joining.threshold) join(i);
      }
    } else {
      each_greatest(cosines, joining.remove, join);
    }
  }
  std::vector<uint32_t> places(tokens);
  uint32_t kept = 0;
  for (size_t i = 0; i < tokens; ++i) {
    places[i] = kept;
    kept += source[i] == kStays;
  }
  for (size_t i = 0; i < tokens; ++i) source[i] = places[source[i] == kStays ? i : source[i]];
  return kept;
}

}  // namespace merganser::reduction
