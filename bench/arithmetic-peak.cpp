// Prints how many billions of single-precision operations a second one thread can do: fused multiply-adds on registers, enough of them under way.
//   g++ -O3 -march=native bench/arithmetic-peak.cpp -o arithmetic-peak
#include <algorithm>
#include <chrono>
#include <cstdio>

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#else
constexpr int kLanes = 8;
#endif
typedef float Vector __attribute__((vector_size(4 * kLanes)));

int main() {
  constexpr long kRounds = 20'000'000;
  constexpr int kChains = 12;
  double best = 0;
  for (int repeat = 0; repeat < 7; ++repeat) {
    Vector sums[kChains], factor = Vector{} + 0.5f, term = Vector{} + 0.25f;
    // Different, or the compiler computes one of them.
    for (int chain = 0; chain < kChains; ++chain) sums[chain] = Vector{} + static_cast<float>(chain);
    const auto start = std::chrono::steady_clock::now();
    for (long round = 0; round < kRounds; ++round) {
#pragma GCC unroll 12
      for (Vector& sum : sums) sum = sum * factor + term;
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    float total = 0;
    for (const Vector& sum : sums) total += sum[0];
    if (total > 0) best = std::max(best, 2.0 * kLanes * kChains * kRounds / seconds / 1e9);
  }
  std::printf("%.1f\n", best);
}
