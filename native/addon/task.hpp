// A piece of work for one thread, as a job.
#pragma once
#include <napi.h>

#include <functional>
#include <memory>
#include <utility>

#include "job.hpp"

namespace merganser::addon {

class Task : public Job {
 public:
  Task(Napi::Env env, const char* name, const Napi::Value& listener, const Napi::Object& keep_alive)
      : Job(env, name, listener.As<Napi::Function>(), keep_alive) {}
  // Tells how far it is; false: it is to end.
  bool goes_on() {
    report_now_and_then();
    return !cancelled_;
  }
};

// Handles of every kind of task hold the same type, so that any of them can be cancelled and asked for its error.
using TaskHandle = Napi::External<std::shared_ptr<Task>>;

inline Task& task_of(const Napi::Value& handle) { return **handle.As<TaskHandle>().Data(); }

inline Napi::Value start(Napi::Env env, std::shared_ptr<Task> task) {
  task->start(env, 1);
  return TaskHandle::New(env, new std::shared_ptr<Task>(std::move(task)), [](Napi::Env, std::shared_ptr<Task>* gone) { delete gone; });
}

}  // namespace merganser::addon
