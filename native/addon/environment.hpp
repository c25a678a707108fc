// What belongs to one Node environment (the main thread, or a worker thread): scratch memory and running jobs.
#pragma once
#include <napi.h>

#include <memory>
#include <set>
#include <vector>

#include "merganser/bpe/piece_batch.hpp"
#include "merganser/parallel/kept_buffer.hpp"
#include "merganser/parallel/raw_buffer.hpp"

namespace merganser::addon {

class Job;

struct Environment {
  // A result whose size JavaScript learns first, to allocate the array that it is then copied to.
  bpe::IdBuffer ids;
  std::vector<uint32_t> spans, offsets;
  // What ids were decoded to.
  parallel::KeptBuffer decoded;
  // A string as UTF-8, with padding behind it.
  parallel::RawBuffer text;
  // A short string's units.
  static constexpr size_t kShortUnits = 4096;
  char16_t units[kShortUnits];
  size_t refused_at = 0;
  std::set<std::shared_ptr<Job>> jobs;

  static Environment& of(Napi::Env env);
  ~Environment();
};

}  // namespace merganser::addon
