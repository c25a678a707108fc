// Sums of the counts of all pairs with one hash: no pair has a higher count than its sum. It stays in the cache where a table of millions of pairs, most of
// them rare, would not; so those that cannot matter are known before any such table is touched.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace merganser::training {

class PairSketch {
 public:
  PairSketch() : sums_(size_t{1} << kBits) {}
  void add(uint32_t left, uint32_t right, uint64_t count) {
    uint32_t& sum = sums_[slot(left, right)];
    sum = static_cast<uint32_t>(std::min(uint64_t{sum} + count, uint64_t{kMuch}));
  }
  void add(const PairSketch& other) {
    for (size_t i = 0; i < sums_.size(); ++i) sums_[i] = static_cast<uint32_t>(std::min(uint64_t{sums_[i]} + other.sums_[i], uint64_t{kMuch}));
  }
  bool may_reach(uint32_t left, uint32_t right, uint64_t count) const { return sums_[slot(left, right)] >= std::min(count, uint64_t{kMuch}); }
  // The n-th highest of the sums, from 0.
  uint64_t nth(size_t n) const {
    if (n >= sums_.size()) return 0;
    std::vector<uint32_t> sums = sums_;
    std::nth_element(sums.begin(), sums.begin() + static_cast<ptrdiff_t>(n), sums.end(), std::greater<>());
    return sums[n];
  }

 private:
  static constexpr uint32_t kBits = 19;
  static constexpr uint32_t kMuch = UINT32_MAX;  // or more
  static size_t slot(uint32_t left, uint32_t right) {
    const uint64_t key = uint64_t{left} << 32 | right;
    return static_cast<size_t>((key ^ key >> 29) * 0x9E3779B97F4A7C15u >> (64 - kBits));
  }
  std::vector<uint32_t> sums_;
};

}  // namespace merganser::training
