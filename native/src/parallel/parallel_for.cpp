#include "merganser/parallel/parallel_for.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>

#include "merganser/parallel/thread_pool.hpp"

namespace merganser::parallel {
namespace {

// Outlives the loop where a helper starts after its end.
struct Loop {
  size_t count;
  const std::function<void(size_t)>* body;
  std::atomic<size_t> next{0};
  std::atomic<size_t> done{0};
  std::mutex mutex;
  std::condition_variable finished;
  std::exception_ptr error;

  void take_rounds() {
    for (size_t i; (i = next.fetch_add(1)) < count;) {
      try {
        (*body)(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        error = std::current_exception();
      }
      if (done.fetch_add(1) + 1 < count) continue;
      const std::lock_guard lock(mutex);
      finished.notify_all();
    }
  }
};

}  // namespace

void parallel_for(unsigned threads, size_t count, const std::function<void(size_t)>& body) {
  if (threads <= 1 || count <= 1) {
    for (size_t i = 0; i < count; ++i) body(i);
    return;
  }
  const auto loop = std::make_shared<Loop>();
  loop->count = count;
  loop->body = &body;
  const size_t helpers = std::min<size_t>(threads, count) - 1;
  try {
    for (size_t i = 0; i < helpers; ++i) ThreadPool::shared().run([loop] { loop->take_rounds(); });
  } catch (...) {
    // Without them it takes longer.
  }
  loop->take_rounds();
  std::unique_lock lock(loop->mutex);
  loop->finished.wait(lock, [&] { return loop->done == count; });
  if (loop->error) std::rethrow_exception(loop->error);
}

}  // namespace merganser::parallel
