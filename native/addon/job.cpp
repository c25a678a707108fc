#include "job.hpp"

#include <chrono>

#include "environment.hpp"
#include "merganser/parallel/thread_pool.hpp"

namespace merganser::addon {
namespace {

constexpr int64_t kReportMilliseconds = 100;

int64_t now_milliseconds() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

// What a call to the listener carries; keeps the job alive on its way.
struct Job::Message {
  std::shared_ptr<Job> job;
  Event event;
  double progress;
};

Job::Job(Napi::Env env, const char* name, const Napi::Function& listener, const Napi::Object& keep_alive) : keep_alive_(Napi::Persistent(keep_alive)) {
  napi_value name_value;
  napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &name_value);
  napi_create_threadsafe_function(env, listener, nullptr, name_value, 0, 1, nullptr, nullptr, nullptr, call_listener, &to_javascript_);
}

void Job::start(Napi::Env env, size_t threads) {
  Environment::of(env).jobs.insert(shared_from_this());
  // Hooks run in the reverse of the order they were added in: this one before the one that closes the thread-safe function.
  napi_add_env_cleanup_hook(env, stop_with_environment, this);
  running_ = threads + (held_ ? 1 : 0);
  for (size_t i = 0; i < threads; ++i) queue_run();
}

void Job::queue_run() {
  const auto queue = [&] { parallel::ThreadPool::shared().run([job = shared_from_this()] { job->run(); }); };
  // The listener hears of it.
  if (!guarded(queue)) run();
}

void Job::add_thread() {
  ++running_;
  queue_run();
}

// What was counted for holding it is now a thread's: the last one finishes.
void Job::let_go() {
  if (held_.exchange(false)) queue_run();
}

void Job::ask_for_more() { report(Event::more); }

void Job::run() {
  begun_ = true;
  if (!cancelled_) guarded([this] { work(); });
  if (held_) ask_for_more();
  if (--running_ > 0) return;
  guarded([this] { finish(); });
  report(Event::finished);
  const std::lock_guard lock(mutex_);
  finished_ = true;
  stopped_.notify_all();
}

bool Job::guarded(const std::function<void()>& part) {
  try {
    part();
    return true;
  } catch (const std::exception& error) {
    const std::lock_guard lock(mutex_);
    error_ = error.what();
    cancelled_ = true;
    return false;
  }
}

void Job::report_now_and_then() {
  const int64_t now = now_milliseconds();
  int64_t last = reported_at_;
  if (now - last >= kReportMilliseconds && reported_at_.compare_exchange_strong(last, now)) report(Event::progress);
}

void Job::report(Event event) {
  auto* message = new Message{shared_from_this(), event, progress()};
  if (napi_call_threadsafe_function(to_javascript_, message, napi_tsfn_nonblocking) != napi_ok) delete message;
  if (event == Event::finished) napi_release_threadsafe_function(to_javascript_, napi_tsfn_release);
}

void Job::call_listener(napi_env env, napi_value listener, void*, void* data) {
  const std::unique_ptr<Message> message(static_cast<Message*>(data));
  if (!env) return;  // the environment is going away
  const bool finished = message->event == Event::finished;
  if (finished) {
    message->job->keep_alive_.Reset();
    napi_remove_env_cleanup_hook(env, stop_with_environment, message->job.get());
    Environment::of(env).jobs.erase(message->job);
  }
  napi_value arguments[2], receiver;
  if (message->event == Event::more) napi_get_null(env, &arguments[0]);
  else napi_get_boolean(env, finished, &arguments[0]);
  napi_create_double(env, message->progress, &arguments[1]);
  napi_get_undefined(env, &receiver);
  napi_call_function(env, receiver, listener, 2, arguments, nullptr);
}

void Job::stop() {
  cancel();
  let_go();
  std::unique_lock lock(mutex_);
  stopped_.wait(lock, [this] { return finished_; });
  keep_alive_.SuppressDestruct();  // the environment frees its references itself
}

}  // namespace merganser::addon
