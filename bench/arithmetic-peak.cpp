// Prints how many billions of single-precision operations a second one thread can do (of its processor time), or several at once (by the wall clock): fused multiply-adds on registers,
// enough of them under way.
//   g++ -O3 -march=native -pthread bench/arithmetic-peak.cpp -o arithmetic-peak && ./arithmetic-peak [THREADS] [REPEATS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <thread>
#include <vector>

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#else
constexpr int kLanes = 8;
#endif
typedef float Vector __attribute__((vector_size(4 * kLanes)));
constexpr long kRounds = 20'000'000;
constexpr int kChains = 12;

// Another number each time, or it is computed once.
__attribute__((noinline)) float multiply_and_add(int seed) {
  Vector sums[kChains], factor = Vector{} + 0.5f, term = Vector{} + 0.25f;
  // Different, or the compiler computes one of them.
  for (int chain = 0; chain < kChains; ++chain) sums[chain] = Vector{} + static_cast<float>(chain + seed);
  for (long round = 0; round < kRounds; ++round) {
#pragma GCC unroll 12
    for (Vector& sum : sums) sum = sum * factor + term;
  }
  float total = 0;
  for (const Vector& sum : sums) total += sum[0];
  return total;
}

double seconds(int threads) {
  if (threads == 1) return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  const int repeats = argc > 2 ? std::atoi(argv[2]) : 7;
  std::vector<double> rates(repeats);
  std::mutex mutex;
  std::vector<std::thread> workers;
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      for (int repeat = 0; repeat < repeats; ++repeat) {
        const double start = seconds(threads);
        const float total = multiply_and_add(repeat);
        const double taken = seconds(threads) - start;
        const std::lock_guard lock(mutex);
        if (total > 0) rates[repeat] += 2.0 * kLanes * kChains * kRounds / taken / 1e9;
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  std::printf("%.1f\n", *std::max_element(rates.begin(), rates.end()));
}
