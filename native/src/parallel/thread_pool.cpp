#include "merganser/parallel/thread_pool.hpp"

#include <cstdlib>
#include <utility>

#include "merganser/parallel/kept_memory.hpp"

#if defined(__linux__)
#include <sched.h>
#endif

namespace merganser::parallel {
namespace {

unsigned processors() {
  if (const char* wanted = std::getenv("MERGANSER_THREADS")) {
    const long count = std::strtol(wanted, nullptr, 10);
    if (count >= 1 && count <= 1024) return static_cast<unsigned>(count);
  }
#if defined(__linux__)
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return static_cast<unsigned>(CPU_COUNT(&allowed));
#endif
  const unsigned count = std::thread::hardware_concurrency();
  return count == 0 ? 1 : count;
}

}  // namespace

ThreadPool& ThreadPool::shared() {
  static ThreadPool* const pool = new ThreadPool(processors());
  return *pool;
}

void ThreadPool::run(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
  if (idle_ < tasks_.size() && started_ < size_) start_thread();
  wake_.notify_one();
}

// Where the system gives no thread, those that there are do the work; if there is none, the task that came last is given back.
void ThreadPool::start_thread() {
  try {
    std::thread([this] { work(); }).detach();
    ++started_;
  } catch (...) {
    if (started_ > 0) return;
    tasks_.pop_back();
    throw;
  }
}

void ThreadPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wait_for_task(lock);
    const std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
}

void ThreadPool::wait_for_task(std::unique_lock<std::mutex>& lock) {
  const auto has_task = [this] { return !tasks_.empty(); };
  ++idle_;
  if (std::exchange(lingering_, true)) {
    wake_.wait(lock, has_task);
  } else {
    // One thread looks after the large block, which whoever has it may give back at any time.
    while (!wake_.wait_for(lock, KeptMemory::kLinger, has_task)) {
      --idle_;
      lock.unlock();
      KeptMemory::shared().let_large_go();
      lock.lock();
      ++idle_;
    }
    lingering_ = false;
  }
  --idle_;
}

}  // namespace merganser::parallel
