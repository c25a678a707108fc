// Copies of portions of texts, for threads that must not read where the texts lie.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "merganser/parallel/kept_buffer.hpp"

namespace merganser::addon {

// A few portions are copied ahead of the threads; the same places serve again and again, and so stay in caches.
class PortionMemory {
 public:
  struct Place {
    uint8_t* data = nullptr;  // null: none
    std::unique_ptr<uint8_t[]> own;
    explicit operator bool() const { return data != nullptr; }
  };

  // Before the first copy: how large most portions are, how many there are, and for how many threads.
  void expect(size_t portion_bytes, size_t portions, size_t threads);
  // Threads had nothing to do although all places had been filled: there are twice as many from now on, up to a limit.
  void widen();
  // Once no portion is copied or read any more.
  void free();

  // None while there is enough for the threads to do.
  Place take(size_t bytes);
  // Whether so much is free by now that more should be copied.
  bool give(Place place, size_t bytes);

 private:
  // What threads that encode get through while JavaScript's is held up for some milliseconds.
  static constexpr size_t kAheadAtLeast = 32, kAheadPerThread = 8;
  // Other work may hold JavaScript's thread up for longer.
  static constexpr size_t kAheadAtMost = 256;

  void add_places(size_t places);

  size_t place_bytes_ = 0, threads_ = 1, all_places_ = 0, ahead_bytes_ = 0;
  std::mutex mutex_;
  std::vector<parallel::KeptBuffer> memory_;
  std::vector<uint8_t*> free_;
  size_t out_ = 0, bytes_out_ = 0;
  bool full_ = false;  // there was no place
};

}  // namespace merganser::addon
