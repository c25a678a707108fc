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
  void add(uint32_t left, uint32_t right, uint64_t count) { sums_[slot(left, right)] += count; }
  uint64_t most(uint32_t left, uint32_t right) const { return sums_[slot(left, right)]; }
  // The n-th highest of the sums, from 0.
  uint64_t nth(size_t n) const {
    if (n >= sums_.size()) return 0;
    std::vector<uint64_t> sums = sums_;
    std::nth_element(sums.begin(), sums.begin() + static_cast<ptrdiff_t>(n), sums.end(), std::greater<>());
    return sums[n];
  }

 private:
  static constexpr uint32_t kBits = 21;
  static size_t slot(uint32_t left, uint32_t right) {
    const uint64_t key = uint64_t{left} << 32 | right;
    return static_cast<size_t>((key ^ key >> 29) * 0x9E3779B97F4A7C15u >> (64 - kBits));
  }
  std::vector<uint64_t> sums_;
};

}  // namespace merganser::training
