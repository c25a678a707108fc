#include "encode_job.hpp"

#include <algorithm>
#include <chrono>

#include "environment.hpp"
#include "merganser/parallel/thread_pool.hpp"

namespace merganser::addon {
namespace {

constexpr size_t kPortionBytes = size_t{1} << 18;
constexpr int64_t kReportMilliseconds = 100;

int64_t now_milliseconds() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// What a call to the listener carries; keeps the job alive on its way.
struct Message {
  std::shared_ptr<EncodeJob> job;
  bool finished;
  double bytes_done;
};

}  // namespace

EncodeJob::EncodeJob(Napi::Env env, Input input, const Napi::Function& listener, const Napi::Object& keep_alive)
    : input_(std::move(input)), keep_alive_(Napi::Persistent(keep_alive)) {
  const size_t texts = input_.offsets.size() - 1;
  std::vector<std::pair<size_t, size_t>> ranges;
  for (size_t first = 0; first < texts;) {
    size_t last = first + 1;
    while (last < texts && input_.offsets[last + 1] - input_.offsets[first] <= kPortionBytes) ++last;
    ranges.emplace_back(first, last);
    first = last;
  }
  portions_ = std::vector<Portion>(ranges.size());
  for (size_t i = 0; i < ranges.size(); ++i) {
    portions_[i].first = ranges[i].first;
    portions_[i].last = ranges[i].second;
  }
  napi_value name;
  napi_create_string_utf8(env, "merganser encode", NAPI_AUTO_LENGTH, &name);
  napi_create_threadsafe_function(env, listener, nullptr, name, 0, 1, nullptr, nullptr, nullptr, call_listener, &to_javascript_);
}

void EncodeJob::start(Napi::Env env) {
  Environment::of(env).jobs.insert(shared_from_this());
  // Hooks run in the reverse of the order they were added in: this one before the one that closes the thread-safe function.
  napi_add_env_cleanup_hook(env, stop_with_environment, this);
  auto& pool = parallel::ThreadPool::shared();
  const size_t threads = std::clamp<size_t>(portions_.size(), 1, pool.size());
  running_ = threads;
  for (size_t i = 0; i < threads; ++i) pool.run([job = shared_from_this()] { job->work(); });
}

void EncodeJob::work() {
  try {
    for (size_t i; !cancelled_ && (i = next_++) < portions_.size();) encode(portions_[i]);
  } catch (const std::exception& error) {
    const std::lock_guard lock(mutex_);
    error_ = error.what();
    cancelled_ = true;
  }
  if (--running_ > 0) return;
  join();
  report(true);
  const std::lock_guard lock(mutex_);
  finished_ = true;
  stopped_.notify_all();
}

void EncodeJob::encode(Portion& portion) {
  bpe::EncodeOptions options;
  options.actions = input_.actions.empty() ? nullptr : input_.actions.data();
  options.cancelled = &cancelled_;
  for (size_t i = portion.first; i < portion.last && !cancelled_; ++i) {
    const uint32_t from = input_.offsets[i], size = input_.offsets[i + 1] - from;
    bpe::EncodeResult result = input_.encoder->encode(input_.text + from, size, input_.size - from, &portion.ids, options);
    portion.ends.push_back(static_cast<uint32_t>(portion.ids.size()));
    bytes_done_ += size;
    if (result.refused) {
      result.refused_at += from;
      const std::lock_guard lock(mutex_);
      // The first in the text is named, whichever thread finds one first.
      if (!refused_.refused || result.refused_at < refused_.refused_at) refused_ = result;
      next_ = portions_.size();
      return;
    }
  }
  const int64_t now = now_milliseconds();
  int64_t last = reported_at_;
  if (now - last >= kReportMilliseconds && reported_at_.compare_exchange_strong(last, now)) report(false);
}

// Here and not when JavaScript asks for it: copying gigabytes would hold its thread up.
void EncodeJob::join() {
  if (cancelled_ || refused_.refused) return;
  try {
    size_t count = 0;
    for (const Portion& portion : portions_) count += portion.ids.size();
    if (portions_.size() > 1) values_.room(count);
    value_offsets_.reserve(input_.offsets.size());
    value_offsets_.push_back(0);
    for (Portion& portion : portions_) {
      const uint32_t base = static_cast<uint32_t>(values_.size());
      for (const uint32_t end : portion.ends) value_offsets_.push_back(base + end);
      if (portions_.size() == 1) {
        values_ = std::move(portion.ids);
      } else {
        values_.append(portion.ids);
        portion.ids.free();
      }
    }
  } catch (const std::exception& error) {
    error_ = error.what();
  }
}

void EncodeJob::report(bool finished) {
  auto* message = new Message{shared_from_this(), finished, static_cast<double>(bytes_done_.load())};
  if (napi_call_threadsafe_function(to_javascript_, message, napi_tsfn_nonblocking) != napi_ok) delete message;
  if (finished) napi_release_threadsafe_function(to_javascript_, napi_tsfn_release);
}

void EncodeJob::call_listener(napi_env env, napi_value listener, void*, void* data) {
  const std::unique_ptr<Message> message(static_cast<Message*>(data));
  if (!env) return;  // the environment is going away
  if (message->finished) {
    message->job->keep_alive_.Reset();
    napi_remove_env_cleanup_hook(env, stop_with_environment, message->job.get());
    Environment::of(env).jobs.erase(message->job);
  }
  napi_value arguments[2], receiver;
  napi_get_boolean(env, message->finished, &arguments[0]);
  napi_create_double(env, message->bytes_done, &arguments[1]);
  napi_get_undefined(env, &receiver);
  napi_call_function(env, receiver, listener, 2, arguments, nullptr);
}

void EncodeJob::stop() {
  cancel();
  std::unique_lock lock(mutex_);
  stopped_.wait(lock, [this] { return finished_; });
  keep_alive_.SuppressDestruct();  // the environment frees its references itself
}

}  // namespace merganser::addon
