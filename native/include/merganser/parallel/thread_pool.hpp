// The package's own threads: long work must hold neither the main thread nor libuv's four.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace merganser::parallel {

class ThreadPool {
 public:
  // One for the process, with as many threads as processors it may run on (or MERGANSER_THREADS of them). Never destroyed: its threads may
  // outlive static data at exit.
  static ThreadPool& shared();

  unsigned size() const { return size_; }
  // Runs `task` on some thread, in the order of calls. Tasks must not throw. Throws if there is no thread and the system gives none; then the task will not run.
  void run(std::function<void()> task);

 private:
  explicit ThreadPool(unsigned size) : size_(size) {}
  void start_thread();
  void work();
  void wait_for_task(std::unique_lock<std::mutex>& lock);

  const unsigned size_;
  unsigned started_ = 0;
  unsigned idle_ = 0;
  bool lingering_ = false;  // whether a thread waits no longer than KeptMemory::kLinger at a time
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
};

}  // namespace merganser::parallel
