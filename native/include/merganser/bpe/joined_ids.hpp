// The ids of portions, encoded on several threads in any order, as one array.
#pragma once
#include <atomic>
#include <cstddef>
#include <mutex>
#include <shared_mutex>
#include <vector>

#include "merganser/bpe/id_buffer.hpp"

namespace merganser::bpe {

// A portion's place is known once all portions in front of it are encoded. Then the thread that has encoded it, in whose cache it still is, copies it there, while other threads
// encode or copy others: the copy and the first touch of the result's memory, which costs as much as a quarter of the encoding, are every thread's work.
class JoinedIds {
 public:
  JoinedIds() = default;
  // Before threads begin.
  void expect(size_t portions, size_t text_bytes);

  // Portion `number` has so many ids.
  void encoded(size_t number, size_t ids);
  // Copies a portion's ids to their place if that is known. By one thread, once for each portion.
  bool place(size_t number, const IdBuffer& ids);
  // Where a portion's ids begin; good once it was placed.
  size_t begin(size_t number) const { return begins_[number]; }
  // Once all are placed.
  IdBuffer take();

 private:
  static constexpr size_t kNotYet = SIZE_MAX;

  std::mutex mutex_;
  std::vector<size_t> sizes_, begins_;  // of each portion; begins_ has the end of the last one too
  std::atomic<size_t> known_{0};        // so many portions have their place
  std::shared_mutex memory_;            // held alone while the memory moves
  IdBuffer ids_;
};

}  // namespace merganser::bpe
