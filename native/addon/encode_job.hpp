// A batch that is encoded on the pool's threads.
#pragma once
#include <napi.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "merganser/bpe/encoder.hpp"

namespace merganser::addon {

// Texts are cut into portions of neighbours; threads take portions until none is left, and the one that finishes last reports.
class EncodeJob : public std::enable_shared_from_this<EncodeJob> {
 public:
  struct Input {
    std::shared_ptr<bpe::Encoder> encoder;
    const uint8_t* text;
    size_t size;
    std::vector<uint32_t> offsets;  // texts + 1
    std::vector<uint8_t> actions;   // empty: none given
  };

  // `listener` is called on the JavaScript thread: (false, bytes done) now and then, and (true, …) once at the end.
  EncodeJob(Napi::Env env, Input input, const Napi::Function& listener, const Napi::Object& keep_alive);
  // To be called once, by what holds the job in a shared_ptr.
  void start(Napi::Env env);
  void cancel() { cancelled_ = true; }

  const bpe::EncodeResult& refused() const { return refused_; }
  // Once it has ended: the ids of all texts, and where each text's begin.
  bpe::IdBuffer& values() { return values_; }
  const std::vector<uint32_t>& value_offsets() const { return value_offsets_; }
  const char* error() const { return error_.empty() ? nullptr : error_.c_str(); }

 private:
  struct Portion {
    size_t first, last;  // texts
    bpe::IdBuffer ids;
    std::vector<uint32_t> ends;
  };
  void work();
  void encode(Portion& portion);
  void join();
  void report(bool finished);
  // Cancels and waits until no thread uses the job any more: the environment ends.
  void stop();
  static void stop_with_environment(void* job) { static_cast<EncodeJob*>(job)->stop(); }
  static void call_listener(napi_env env, napi_value listener, void* context, void* data);

  Input input_;
  std::vector<Portion> portions_;
  std::atomic<size_t> next_{0};
  std::atomic<size_t> running_{0};
  std::atomic<uint64_t> bytes_done_{0};
  std::atomic<int64_t> reported_at_{0};
  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool finished_ = false;
  bpe::EncodeResult refused_;
  bpe::IdBuffer values_;
  std::vector<uint32_t> value_offsets_;
  std::string error_;
  napi_threadsafe_function to_javascript_ = nullptr;
  Napi::ObjectReference keep_alive_;
};

}  // namespace merganser::addon
