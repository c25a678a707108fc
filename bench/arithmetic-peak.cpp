// Prints how many billions of single-precision operations a second one thread can do (of its processor time), or several at once (by the wall clock): fused multiply-adds on registers,
// enough of them under way. With a third argument, "tile": as many of them with their operands in the first-level cache, as a tile of a matrix product needs them: a number of each row, and two vectors that
// all rows are multiplied by.
//   g++ -O3 -march=native -pthread bench/arithmetic-peak.cpp -o arithmetic-peak && ./arithmetic-peak [THREADS] [REPEATS] [tile]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <string_view>
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

constexpr int kRows = kLanes == 16 ? 12 : 6;
constexpr int kDims = 128;
constexpr int kBetween = 8;

struct Operands {
  alignas(64) float rows[kRows][kDims + kBetween];
  Vector columns[2][kDims];
};

// Stops the compiler from loading an operand once again for each use.
inline void keep_loaded([[maybe_unused]] Vector& vector) {
#if defined(__AVX512F__)
  asm("" : "+v"(vector));
#elif defined(__AVX2__)
  asm("" : "+x"(vector));
#endif
}

__attribute__((noinline)) float multiply_tiles(int seed) {
  static thread_local Operands operands{};
  operands.rows[0][0] = static_cast<float>(seed);
  Vector sums[kRows][2] = {};
  for (long round = 0; round < kRounds / (2 * kDims) * kChains / kRows; ++round) {
    const Operands* from = &operands;
    // Another round may find other numbers.
    asm volatile("" : "+r"(from) : : "memory");
    for (int dim = 0; dim < kDims; ++dim) {
      Vector left = from->columns[0][dim], right = from->columns[1][dim];
      keep_loaded(left);
      keep_loaded(right);
#pragma GCC unroll 12
      for (int row = 0; row < kRows; ++row) {
        // Nothing is subtracted: a sum with zero would be another number for -0.
        Vector factor = from->rows[row][dim] - Vector{};
        keep_loaded(factor);
        sums[row][0] += factor * left;
        sums[row][1] += factor * right;
      }
    }
  }
  float total = 1;
  for (const auto& row : sums) total += row[0][0] + row[1][0];
  return total;
}

double seconds(int threads) {
  if (threads == 1) return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  const int repeats = argc > 2 ? std::atoi(argv[2]) : 7;
  const auto work = argc > 3 && std::string_view(argv[3]) == "tile" ? multiply_tiles : multiply_and_add;
  std::vector<double> rates(repeats);
  std::mutex mutex;
  std::vector<std::thread> workers;
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      for (int repeat = 0; repeat < repeats; ++repeat) {
        const double start = seconds(threads);
        const float total = work(repeat);
        const double taken = seconds(threads) - start;
        const std::lock_guard lock(mutex);
        if (total > 0) rates[repeat] += 2.0 * kLanes * kChains * kRounds / taken / 1e9;
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  std::printf("%.1f\n", *std::max_element(rates.begin(), rates.end()));
}
