// Prints how many billions of bytes a second the given number of threads can read from memory: sums over far more than the caches hold.
//   g++ -O3 -march=native -pthread bench/read-bandwidth.cpp -o read-bandwidth && ./read-bandwidth THREADS
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

int main(int, char** arguments) {
  const size_t threads = static_cast<size_t>(std::atoi(arguments[1]));
  const std::vector<uint64_t> memory(size_t{1} << 26, 1);
  std::vector<uint64_t> sums(threads * 8);
  double best = 0;
  for (int repeat = 0; repeat < 5; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> all;
    for (size_t thread = 0; thread < threads; ++thread) {
      all.emplace_back([&, thread] {
        uint64_t sum = 0;
        for (size_t i = memory.size() * thread / threads; i < memory.size() * (thread + 1) / threads; ++i) sum += memory[i];
        sums[thread * 8] += sum;
      });
    }
    for (std::thread& thread : all) thread.join();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    best = std::max(best, static_cast<double>(memory.size() * 8) / seconds / 1e9);
  }
  if (sums[0] > 0) std::printf("%.1f\n", best);
}
