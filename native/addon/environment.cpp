#include "environment.hpp"

#include "job.hpp"

namespace merganser::addon {

Environment& Environment::of(Napi::Env env) {
  Environment* environment = env.GetInstanceData<Environment>();
  if (!environment) {
    environment = new Environment();
    env.SetInstanceData(environment);
  }
  return *environment;
}

Environment::~Environment() = default;

}  // namespace merganser::addon
