// Work on the pool's threads that tells JavaScript how far it is and when it is done.
#pragma once
#include <napi.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace merganser::addon {

class Job : public std::enable_shared_from_this<Job> {
 public:
  virtual ~Job() = default;
  // To be called once, by what holds the job in a shared_ptr: runs `work` on that many threads.
  void start(Napi::Env env, size_t threads);
  // Whether threads may be at it until the listener hears of the end; if not, none will begin.
  bool cancel() {
    cancelled_ = true;
    return begun_;
  }
  // Once it has ended: what went wrong, or null.
  const char* error() const { return error_.empty() ? nullptr : error_.c_str(); }

 protected:
  // `listener` is called on the JavaScript thread: (false, progress) now and then, (null, progress) after `ask_for_more`, and (true, progress) once at the end.
  // `keep_alive`: an object that is not collected before the end.
  Job(Napi::Env env, const char* name, const Napi::Function& listener, const Napi::Object& keep_alive);

  // May throw; then the job is cancelled.
  virtual void work() = 0;
  // What the last thread does.
  virtual void finish() {}
  virtual double progress() const { return 0; }
  Napi::Object kept_alive() const { return keep_alive_.Value(); }
  // Runs a part that may throw; false if it did: then the job is cancelled.
  bool guarded(const std::function<void()>& part);
  // For work that comes little by little: a job that is held does not end before JavaScript's thread lets go of it. `hold` is to be called before `start`, and each of
  // these three on that thread.
  void hold() { held_ = true; }
  void let_go();
  void add_thread();
  bool held() const { return held_; }
  // Asks JavaScript's thread for more work. Every thread that ends does this too while the job is held.
  void ask_for_more();
  // Tells of the progress if that was not done lately.
  void report_now_and_then();

  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;

 private:
  struct Message;
  enum class Event { progress, more, finished };
  void run();
  void queue_run();
  void report(Event event);
  // Cancels and waits until no thread uses the job any more: the environment ends.
  void stop();
  static void stop_with_environment(void* job) { static_cast<Job*>(job)->stop(); }
  static void call_listener(napi_env env, napi_value listener, void* context, void* data);

  std::atomic<size_t> running_{0};
  std::atomic<bool> begun_{false}, held_{false};
  std::atomic<int64_t> reported_at_{0};
  std::condition_variable stopped_;
  bool finished_ = false;
  std::string error_;
  napi_threadsafe_function to_javascript_ = nullptr;
  Napi::ObjectReference keep_alive_;
};

}  // namespace merganser::addon
